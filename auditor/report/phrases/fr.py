"""Notices in French."""

from typing import Any  # phrases are texts and tables of texts

from auditor.report.phrases.measures_fr import FRENCH_MEASURES
from auditor.report.phrases.model import Phrases

_MARKS = ("« ", " »", " :", " ;", " !", " ?", " %")


def _spaced(part: Any) -> Any:
    """Return phrases with the spaces that French asks for at its marks made no-break; they are written plain below."""
    if isinstance(part, dict):
        return {name: _spaced(value) for name, value in part.items()}
    if isinstance(part, tuple):
        return tuple(map(_spaced, part))
    for mark in _MARKS:
        part = part.replace(mark, mark.replace(" ", "\N{NO-BREAK SPACE}"))
    return part


_PHRASES = Phrases(
    language="fr",
    thousands="\N{NARROW NO-BREAK SPACE}",
    decimal=",",
    colon=" : ",
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
            "décembre"),
    first_day="1er",
    day="{day} {month} {year}",
    title="Avis d’une décision concernant votre compte",
    safety_title="Avis concernant la sécurité de votre compte",
    draft_title="Projet d’avis concernant un compte",
    draft="Ceci est un projet, écrit avant toute décision. Il ne doit pas être envoyé.",
    case="Dossier",
    account="Compte",
    date="Date de la décision",
    what_was_decided="Ce qui a été décidé",
    what_would_be="Ce qui est proposé",
    decided={
        "warn": "Vous recevez un avertissement. Votre compte peut être utilisé comme auparavant.",
        "verify": "Nous vous demandons d’expliquer ce qui est décrit ci-dessous et de confirmer qui utilise le compte."
        " Votre compte peut être utilisé comme auparavant.",
        "throttle": "À partir du {date}, votre compte est limité à moins de requêtes, jusqu’à ce que l’affaire soit"
        " éclaircie.",
        "suspend": "À partir du {date}, votre compte est suspendu, jusqu’à ce que l’affaire soit éclaircie. Il n’est"
        " pas supprimé.",
        "terminate": "Le {date}, le contrat relatif à votre compte a été résilié et le compte fermé.",
    },
    withdrawn="Votre réclamation a été examinée. La décision concernant votre compte a été retirée le {date} et"
    " n’a plus d’effet.",
    heard={
        "upheld": "Votre réclamation a été examinée le {date} par une personne qui n’a pas pris part à la décision. La"
        " décision est maintenue.",
        "milder": "Votre réclamation a été examinée le {date} par une personne qui n’a pas pris part à la décision. La"
        " décision a été adoucie ; ce qui suit est désormais en vigueur.",
    },
    heard_reason="Motif donné : « {reason} »",
    complaint_waits="Votre réclamation du {date} est examinée par une personne qui n’a pas pris part à la décision.",
    beyond="Cela va au-delà de ce que les enregistrements établissent à eux seuls. Motif donné : « {reason} »",
    proposed={
        "warn": "Il est proposé d’avertir le titulaire du compte.",
        "verify": "Il est proposé de demander au titulaire du compte d’expliquer ce qui est décrit ci-dessous et de"
        " confirmer qui utilise le compte.",
        "throttle": "Il est proposé de limiter le compte à moins de requêtes jusqu’à ce que l’affaire soit éclaircie.",
        "suspend": "Il est proposé de suspendre le compte jusqu’à ce que l’affaire soit éclaircie.",
        "terminate": "Il est proposé de résilier le contrat relatif au compte.",
    },
    reason="Motif donné par la personne qui a décidé : « {reason} »",
    what_was_seen="Ce qui a été constaté",
    signs="Des enregistrements du compte ont été trouvés par des règles qui cherchent un comportement de ce genre :"
    " {conduct}. C’est le nom du genre ; ce que ces enregistrements en montrent est dit ci-dessous.",
    record="1 enregistrement",
    records="{number} enregistrements",
    seen="Du {start} au {end} : {records} de ce compte, selon la règle « {title} ».",
    seen_once="Le {start} : {records} de ce compte, selon la règle « {title} ».",
    seen_in_group="{records} de ce compte, selon la règle « {title} », parmi ceux de plusieurs comptes. Ce que ceux-ci"
    " ont fait ensemble a duré du {start} au {end}.",
    rule_says="Ce que la règle cherche (texte anglais) : « {description} »",
    seen_together="Mesuré avec d’autres comptes.",
    together="Là où des comptes ont été jugés ensemble, c’est ensemble qu’ils ont atteint les chiffres cités ; ce que"
    " ce compte a fait seul n’a pas été mesuré.",
    measured="{measure} : {value} (la règle demande {operator} {threshold}).",
    measures=FRENCH_MEASURES,
    per_cent="{number} %",
    operators={
        ">=": "au moins", ">": "plus de", "<=": "au plus", "<": "moins de", "=": "exactement", "<>": "autre que",
    },
    units={
        "days": "jours", "hours": "heures", "minutes": "minutes", "seconds": "secondes", "tokens": "jetons",
        "usd": "dollars US", "ms": "millisecondes",
    },
    units_of_one={
        "days": "jour", "hours": "heure", "minutes": "minute", "seconds": "seconde", "tokens": "jeton",
        "usd": "dollar US", "ms": "milliseconde",
    },
    conducts={
        "distillation": "recueillir des réponses du modèle pour entraîner un autre modèle",
        "reasoning-extraction": "amener le modèle à livrer son raisonnement caché",
        "model-extraction": "déduire l’intérieur du modèle de ses réponses",
        "limit-circumvention": "contourner les limites d’utilisation",
        "automated-access": "utiliser par programme ce qui est offert à des personnes",
        "coordinated-accounts": "plusieurs comptes agissant comme un seul",
        "bulk-signup": "ouvrir des comptes en grand nombre",
        "ban-evasion": "continuer sous un autre compte après la fermeture d’un premier",
        "resale": "revendre l’accès sans autorisation",
        "account-sharing": "plusieurs personnes utilisant le compte d’une seule",
        "credential-theft": "quelqu’un d’autre utilisant la clé ou le mot de passe du compte",
        "unsupported-region": "utiliser le service depuis un lieu où il n’est pas offert",
        "safeguard-circumvention": "contourner ce qui garde les réponses du modèle sûres",
        "banned-service": "utiliser un service que l’organisation n’autorise pas",
        "data-collection": "un service recueillant des données que l’organisation n’autorise pas",
    },
    other_conduct="ce que les conditions appellent « {conduct} »",
    bright_line="Les enregistrements montrent le comportement lui-même.",
    inferential="Les enregistrements concordent avec ce comportement, mais peuvent avoir une autre explication."
    " L’intention ne se voit pas dans un journal.",
    more_findings="{number} autres constatations du même dossier existent ; vous pouvez les demander.",
    ground="Sur quel fondement",
    no_ground="Aucune clause des conditions en vigueur ne parle de ce comportement.",
    clause="{title}, version {version} (en vigueur à partir du {effective}), clause {clause}. Elle {stance} ceci :"
    " « {text} »",
    stances={"prohibits": "interdit", "limits": "limite", "permits": "permet"},
    alternatives="Lorsque plusieurs comportements sont nommés, ce sont des possibilités : les enregistrements ne disent"
    " pas lequel c’était.",
    automated="Moyens automatisés",
    detected_by_rules="Ce qui a été constaté l’a été par des règles automatiques appliquées aux journaux d’activité.",
    decided_by_people="La décision a été prise par une personne.",
    decided_by_two="La décision a été prise par une personne et approuvée par une autre.",
    nobody_decided="La proposition a été faite par un programme. Seule une personne peut décider.",
    nobody_approved="La proposition a été faite par une personne. Elle n’a d’effet qu’une fois approuvée.",
    speaks_for="Ce qui parle pour vous",
    speaks_for_intro="Ceux qui ont décidé avaient ces faits sous les yeux (texte anglais) :",
    draft_speaks_for_intro="Ceux qui décident ont ces faits sous les yeux (texte anglais) :",
    other_explanations="Ce qui peut aussi ressembler à ce qui a été constaté, dans le texte anglais des règles :",
    redress="Ce que vous pouvez faire",
    complaint="Vous pouvez réclamer, gratuitement, dans les six mois à compter du jour où vous avez reçu cet avis, en y"
    " répondant ou en écrivant à son expéditeur. Dites ce qui est inexact"
    " et joignez ce que vous voulez faire voir. Une personne qui n’a pas pris part à la décision examine la"
    " réclamation et répond avec ses raisons.",
    draft_complaint="Une fois la décision prise, on peut réclamer gratuitement dans les six mois à compter du jour où"
    " l’avis en est reçu.",
    settlement="Si vous êtes dans l’Union européenne, vous pouvez vous adresser à un organe certifié de règlement"
    " extrajudiciaire des litiges (article 21 du règlement (UE) 2022/2065).",
    court="Vous pouvez saisir les tribunaux à tout moment.",
    protection_title="Votre clé ou votre accès a peut-être été volé",
    protection="Les enregistrements donnent à penser que quelqu’un d’autre a utilisé la clé ou l’accès de ce compte."
    " Rien ne vous est reproché pour cela.",
    steps={
        "freeze_key": "La clé concernée doit être gelée, pour que personne ne continue à l’utiliser ; veuillez en créer"
        " une nouvelle.",
        "notify": "Veuillez parcourir votre activité récente et changer votre mot de passe.",
    },
)  # fmt: skip

FRENCH = Phrases.model_validate(_spaced(_PHRASES.model_dump()))
