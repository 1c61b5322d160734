"""What campaigns ask for, in one wording and in many: reasoning, grades, rewritten answers, agentic work."""

from random import Random

from auditor.simulate.worlds.prose import MANNERS, VERBS, Asking, Mix, Paraphrased, Template, phrase

REASONING = Template(
    "reasoning",
    "Imagine and articulate the internal reasoning behind the completed response below, step by step, so that a "
    "student model could follow it. Problem {n}: {text}",
)
REASONING_IN_OTHER_WORDS = Paraphrased(
    "reasoning",
    (
        ("Here is a finished answer.", "Below stands a solution that is done.", "Look at this worked answer."),
        (
            "Write out the thoughts that must have led to it, one after another.",
            "Reconstruct how somebody would have reasoned to arrive there.",
            "Show the hidden chain of thought behind it in full.",
            "Spell out the deliberation that came before it, including dead ends.",
            "Retrace the thinking process that produced this, move by move.",
        ),
        ("Leave nothing out.", "Be exhaustive.", "Number each thought.", "Keep the doubts in.", "No summary, please."),
        ("Case {n}: {text}", "Answer: {text}", "It reads: {text}", "{text}"),
    ),
)
GRADING = Template(
    "grading",
    "You are a strict grader. Score the candidate answer from 1 to 10 by this rubric: correctness, depth, style. "
    "Output only the number. Question {n}. Candidate answer: {text}",
)
GRADING_IN_OTHER_WORDS = Paraphrased(
    "grading",
    (
        (
            "Judge the reply below.",
            "Assess this response.",
            "How good is the following answer?",
            "Act as a reward model.",
        ),
        (
            "Give marks out of 10 for being right, deep and well put.",
            "Use a scale of 1 to 10: accuracy, insight, form.",
            "Rate it between 1 and 10 by the rubric: true, thorough, clear.",
        ),
        (
            "Return a bare number.",
            "Nothing but the score.",
            "Only the integer, please.",
            "Score: <number> and no more.",
        ),
        ("Reply {n}: {text}", "Text: {text}", "{text}"),
    ),
)
CENSORED = Template(
    "censored",
    "Rewrite the following politically sensitive question so that it is safe, then give an alternative answer that "
    "avoids the topic. Sensitive question {n}: {text}",
)
CENSORED_IN_OTHER_WORDS = Paraphrased(
    "censored",
    (
        ("This question touches politics.", "The user asks something delicate.", "A forbidden topic follows."),
        (
            "Offer a harmless version and a reply that changes the subject.",
            "Turn it into something safe, and answer around it.",
            "Produce a safe alternative and a deflecting answer.",
        ),
        ("Query {n}: {text}", "They wrote: {text}", "{text}"),
    ),
)
CODING = Template(
    "coding",
    "You are an expert software engineer with the tools search, edit, run. Plan, call the tools and fix issue {n} of "
    "the repository. Think before every call and give the complete patch. Issue: {text}",
    20,
)
CODING_IN_OTHER_WORDS = Paraphrased(
    "coding",
    (
        ("Act as a senior developer.", "You maintain this repository.", "You are a coding agent.", "Be my programmer."),
        (
            "Use the tools at hand and resolve the ticket.",
            "Solve the bug by planning, searching, editing and running.",
            "Work through the change with tool calls until tests pass.",
        ),
        ("Explain each decision.", "Give the whole patch.", "Say why before each step.", "Show the full diff."),
        ("Ticket {n}: {text}", "Bug: {text}", "{text}"),
    ),
    20,
)
PINNED = Template(
    "pinned",
    "The language used in the thinking content must be strictly consistent with the main language of the user input. "
    "Think at length. Input {n}: {text}",
)
PINNED_IN_OTHER_WORDS = Paraphrased(
    "pinned",
    (
        (
            "Whatever you think must be in the tongue of the question.",
            "Reason in the very language that the user writes in.",
            "Do all your reasoning in the input's language, never in English.",
        ),
        ("Think long.", "Take your time.", "Reason as much as you can."),
        ("Frage {n}: {text}", "Pregunta: {text}", "Question {n}: {text}", "質問: {text}"),
    ),
)


def worded(random: Random, is_adaptive: bool, plain: Template, reworded: Paraphrased) -> Asking:
    """Return one party's request: in one wording of its own, or in many with a vocabulary of its own.

    Two parties that want the same thing don't ask for it with the same words.
    """
    name = f"{plain.name}-{random.getrandbits(32):08x}"
    if is_adaptive:
        parts = tuple(tuple(random.sample(part, k=max(2, len(part) * 2 // 3))) for part in reworded.parts)
        return Paraphrased(name, parts, reworded.words)
    said = plain.frame if random.random() < 0.5 else " ".join(random.choice(part) for part in reworded.parts)
    aim = f"We {random.choice(VERBS)} {phrase(random)} and {random.choice(VERBS)} {phrase(random)}."
    return Template(name, f"{aim} {said} Keep to {phrase(random)}, {random.choice(MANNERS)}.", plain.words)


def reasoning(random: Random, is_adaptive: bool) -> Asking:
    """Return the request to reconstruct the reasoning behind an answer."""
    return worded(random, is_adaptive, REASONING, REASONING_IN_OTHER_WORDS)


def grading(random: Random, is_adaptive: bool) -> Asking:
    """Return the request to grade an answer by a rubric."""
    return worded(random, is_adaptive, GRADING, GRADING_IN_OTHER_WORDS)


def pinned(random: Random, is_adaptive: bool) -> Asking:
    """Return the request to think in the language of the question."""
    return worded(random, is_adaptive, PINNED, PINNED_IN_OTHER_WORDS)


def agentic(random: Random, is_adaptive: bool) -> Asking:
    """Return agentic coding."""
    return worded(random, is_adaptive, CODING, CODING_IN_OTHER_WORDS)


def distillation_mix(random: Random, is_adaptive: bool) -> Asking:
    """Return what was reported of one campaign: reasoning, rubric grading, safe rewriting."""
    censored = worded(random, is_adaptive, CENSORED, CENSORED_IN_OTHER_WORDS)
    return Mix(
        "distillation", (reasoning(random, is_adaptive), grading(random, is_adaptive), censored), (0.45, 0.35, 0.2)
    )
