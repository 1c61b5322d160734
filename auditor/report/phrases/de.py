"""Notices in German."""

from auditor.report.phrases.measures_de import GERMAN_MEASURES
from auditor.report.phrases.model import Phrases

GERMAN = Phrases(
    language="de",
    thousands=".",
    decimal=",",
    colon=": ",
    months=("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
            "Dezember"),
    first_day="1",
    day="{day}. {month} {year}",
    title="Mitteilung über eine Entscheidung zu Ihrem Konto",
    safety_title="Mitteilung zur Sicherheit Ihres Kontos",
    draft_title="Entwurf einer Mitteilung zu einem Konto",
    draft="Dies ist ein Entwurf, geschrieben vor jeder Entscheidung; er darf nicht versandt werden.",
    case="Fall",
    account="Konto",
    date="Datum der Entscheidung",
    what_was_decided="Was entschieden wurde",
    what_would_be="Was vorgeschlagen wird",
    decided={
        "warn": "Sie werden verwarnt. Sie können Ihr Konto weiter nutzen wie bisher.",
        "verify": "Sie werden gebeten, das unten Beschriebene zu erklären und zu bestätigen, wer das Konto nutzt. Sie"
        " können Ihr Konto weiter nutzen wie bisher.",
        "throttle": "Ab dem {date} ist Ihr Konto auf weniger Anfragen beschränkt, bis die Sache geklärt ist.",
        "suspend": "Ab dem {date} ist Ihr Konto gesperrt, bis die Sache geklärt ist. Es wird nicht gelöscht.",
        "terminate": "Am {date} wurde der Vertrag über Ihr Konto beendet und das Konto geschlossen.",
    },
    withdrawn="Ihre Beschwerde wurde geprüft. Die Entscheidung über Ihr Konto wurde am {date} zurückgenommen und"
    " hat keine Wirkung mehr.",
    heard={
        "upheld": "Ihre Beschwerde wurde am {date} von einer Person geprüft, die an der Entscheidung nicht beteiligt"
        " war. Die Entscheidung bleibt bestehen.",
        "milder": "Ihre Beschwerde wurde am {date} von einer Person geprüft, die an der Entscheidung nicht beteiligt"
        " war. Die Entscheidung wurde gemildert; was folgt, gilt jetzt.",
    },
    heard_reason="Begründung dafür: „{reason}“",
    complaint_waits="Ihre Beschwerde vom {date} wird von einer Person geprüft, die an der Entscheidung nicht beteiligt"
    " war.",
    beyond="Das geht über das hinaus, was die Aufzeichnungen allein tragen. Begründung dafür: „{reason}“",
    proposed={
        "warn": "Es wird vorgeschlagen, die Kontoinhaberin oder den Kontoinhaber zu verwarnen.",
        "verify": "Es wird vorgeschlagen, um eine Erklärung des unten Beschriebenen zu bitten und um Bestätigung, wer"
        " das Konto nutzt.",
        "throttle": "Es wird vorgeschlagen, das Konto auf weniger Anfragen zu beschränken, bis die Sache geklärt ist.",
        "suspend": "Es wird vorgeschlagen, das Konto zu sperren, bis die Sache geklärt ist.",
        "terminate": "Es wird vorgeschlagen, den Vertrag über das Konto zu beenden.",
    },
    reason="Begründung der Person, die entschieden hat: „{reason}“",
    what_was_seen="Was festgestellt wurde",
    signs="Aufzeichnungen des Kontos wurden von Regeln gefunden, die nach Verhalten dieser Art suchen: {conduct}. Das"
    " ist der Name der Art; was diese Aufzeichnungen davon zeigen, steht darunter.",
    record="1 Aufzeichnung",
    records="{number} Aufzeichnungen",
    seen="{start} bis {end}: {records} dieses Kontos, gefunden von der Regel „{title}“.",
    seen_once="{start}: {records} dieses Kontos, gefunden von der Regel „{title}“.",
    seen_in_group="{records} dieses Kontos, gefunden von der Regel „{title}“ unter denen mehrerer Konten. Was diese"
    " zusammen taten, dauerte von {start} bis {end}.",
    rule_says="Wonach die Regel sucht (in ihrem englischen Wortlaut): „{description}“",
    seen_together="Zusammen mit anderen Konten gemessen.",
    together="Wo Konten zusammen beurteilt wurden, haben sie die genannten Werte zusammen erreicht; was dieses Konto"
    " allein tat, wurde nicht gemessen.",
    measured="{measure}: {value} (die Regel verlangt {operator} {threshold}).",
    measures=GERMAN_MEASURES,
    per_cent="{number}\N{NO-BREAK SPACE}%",
    operators={
        ">=": "mindestens", ">": "mehr als", "<=": "höchstens", "<": "weniger als", "=": "genau", "<>": "anders als",
    },
    units={
        "days": "Tage", "hours": "Stunden", "minutes": "Minuten", "seconds": "Sekunden", "tokens": "Tokens",
        "usd": "US-Dollar", "ms": "Millisekunden",
    },
    units_of_one={
        "days": "Tag", "hours": "Stunde", "minutes": "Minute", "seconds": "Sekunde", "tokens": "Token",
        "ms": "Millisekunde",
    },
    conducts={
        "distillation": "Antworten des Modells werden gesammelt, um ein anderes Modell zu trainieren",
        "reasoning-extraction": "das Modell wird dazu gebracht, seine verborgenen Überlegungen preiszugeben",
        "model-extraction": "aus Antworten des Modells wird auf sein Inneres geschlossen",
        "limit-circumvention": "Grenzen der Nutzung werden umgangen",
        "automated-access": "ein Programm nutzt, was für Menschen angeboten wird",
        "coordinated-accounts": "mehrere Konten handeln wie eines",
        "bulk-signup": "Konten werden in großer Zahl eröffnet",
        "ban-evasion": "nach der Sperre eines Kontos geht es unter einem anderen weiter",
        "resale": "der Zugang wird ohne Erlaubnis weiterverkauft",
        "account-sharing": "mehrere Menschen nutzen das Konto einer Person",
        "credential-theft": "jemand anderes nutzt den Schlüssel oder das Passwort des Kontos",
        "unsupported-region": "der Dienst wird von einem Ort aus genutzt, an dem er nicht angeboten wird",
        "safeguard-circumvention": "Vorkehrungen, die die Antworten des Modells sicher halten, werden umgangen",
        "banned-service": "ein Dienst wird genutzt, den die Organisation nicht erlaubt",
        "data-collection": "ein Dienst erhebt Daten, deren Erhebung die Organisation nicht erlaubt",
    },
    other_conduct="was die Bedingungen „{conduct}“ nennen",
    bright_line="Die Aufzeichnungen zeigen das Verhalten selbst.",
    inferential="Die Aufzeichnungen passen zu diesem Verhalten, können aber auch eine andere Erklärung haben. Absichten"
    " sind in einem Protokoll nicht zu sehen.",
    more_findings="{number} weitere Feststellungen desselben Falls liegen vor; Sie können sie anfordern.",
    ground="Aus welchem Grund",
    no_ground="Keine Klausel der geltenden Bedingungen spricht von diesem Verhalten.",
    clause="{title}, Fassung {version} (in Kraft ab {effective}), Klausel {clause}. Sie {stance} dies: „{text}“",
    stances={"prohibits": "verbietet", "limits": "begrenzt", "permits": "erlaubt"},
    alternatives="Wo mehrere Verhaltensweisen genannt sind, stehen sie zur Wahl: Die Aufzeichnungen lassen nicht"
    " erkennen, welche es war.",
    automated="Automatische Mittel",
    detected_by_rules="Das Festgestellte wurde von automatischen Regeln in Protokollen der Nutzung gefunden.",
    decided_by_people="Die Entscheidung hat ein Mensch getroffen.",
    decided_by_two="Die Entscheidung hat ein Mensch getroffen und ein anderer gebilligt.",
    nobody_decided="Den Vorschlag hat ein Programm gemacht. Entscheiden kann nur ein Mensch.",
    nobody_approved="Den Vorschlag hat ein Mensch gemacht. Er gilt erst, wenn er genehmigt ist.",
    speaks_for="Was für Sie spricht",
    speaks_for_intro="Diese Tatsachen lagen denen vor, die entschieden haben (in englischem Wortlaut):",
    draft_speaks_for_intro="Diese Tatsachen liegen denen vor, die entscheiden (in englischem Wortlaut):",
    other_explanations="Was sonst so aussehen kann, im englischen Wortlaut der Regeln:",
    redress="Was Sie tun können",
    complaint="Sie können sich innerhalb von sechs Monaten ab dem Tag, an dem Sie diese Mitteilung erhalten haben,"
    " kostenlos beschweren, indem Sie darauf antworten oder dem Absender schreiben. Sagen Sie, was nicht stimmt, und"
    " fügen Sie bei, was gesehen werden soll. Ein Mensch, der an der Entscheidung nicht beteiligt war, prüft die"
    " Beschwerde und antwortet mit Gründen.",
    draft_complaint="Ist entschieden, so kann man sich innerhalb von sechs Monaten ab dem Tag, an dem die Mitteilung"
    " darüber ankommt, kostenlos beschweren.",
    settlement="Wenn Sie in der Europäischen Union sind, können Sie sich an eine zugelassene Stelle zur"
    " außergerichtlichen Streitbeilegung wenden (Artikel 21 der Verordnung (EU) 2022/2065).",
    court="Der Weg zu den Gerichten steht Ihnen jederzeit offen.",
    protection_title="Ihr Schlüssel oder Zugang wurde vielleicht gestohlen",
    protection="Die Aufzeichnungen legen nahe, dass jemand anderes den Schlüssel oder Zugang dieses Kontos genutzt hat."
    " Ihnen wird daraus nichts vorgeworfen.",
    steps={
        "freeze_key": "Der betroffene Schlüssel soll eingefroren werden, damit ihn niemand weiter nutzen kann; bitte"
        " legen Sie einen neuen an.",
        "notify": "Bitte sehen Sie Ihre letzten Vorgänge durch und ändern Sie Ihr Passwort.",
    },
)  # fmt: skip
