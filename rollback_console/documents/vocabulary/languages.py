"""The words by which plans are read, one row a meaning and one column a language.

To add a language, add its code to every row. Words are written as people write them (accents,
case and marks do not matter); `|` stands between two, and `*` at the end of a word for any
ending. `any_of` makes one expression of a row for all languages at once: a plan's language need
not be known to read it.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from ..markdown.folded_text import fold


class Meaning(Enum):
    """What a word announces."""

    STEP = "step"
    OPTION = "option"
    PHASE = "phase"
    OR = "or"
    CONDITION = "condition"
    WARNING = "warning"
    BEFORE = "before"
    AFTER = "after"
    EXAMPLE = "example"
    OUTPUT = "output"
    GOING_BACK = "going back"
    CHECKING = "checking"
    WHEN = "when"
    STEPS = "steps"
    DEPLOYING = "deploying"
    TELLING = "telling"
    DECIDING = "deciding"


WORDS: dict[Meaning, dict[str, str]] = {
    Meaning.STEP: {
        "en": "step", "es": "paso", "pt": "passo", "fr": "étape", "de": "Schritt", "it": "passo|passaggio",
        "nl": "stap", "pl": "krok", "ru": "шаг", "uk": "крок", "tr": "adım", "ar": "الخطوة|خطوة",
        "he": "שלב|צעד", "hi": "चरण|कदम", "zh": "步骤|步驟", "ja": "手順|ステップ", "ko": "단계|절차",
        "vi": "bước", "id": "langkah",
    },
    Meaning.OPTION: {
        "en": "option|method|scenario|level|procedure|strategy|approach|alternative|plan|path|way|tier|case|variant|choice",
        "es": "opción|método|escenario|nivel|estrategia|alternativa|variante", "pt": "opção|método|cenário|nível|estratégia|alternativa",
        "fr": "option|méthode|scénario|niveau|stratégie|variante|alternative", "de": "Option|Methode|Szenario|Stufe|Variante|Strategie|Alternative|Weg",
        "it": "opzione|metodo|scenario|livello|strategia|alternativa|variante", "nl": "optie|methode|scenario|niveau|strategie|alternatief|variant",
        "pl": "opcja|metoda|scenariusz|poziom|strategia|wariant", "ru": "вариант|способ|метод|сценарий|уровень|стратегия",
        "uk": "варіант|спосіб|метод|сценарій|рівень|стратегія", "tr": "seçenek|yöntem|senaryo|seviye|strateji",
        "ar": "الخيار|خيار|الطريقة|السيناريو|المستوى", "he": "אפשרות|שיטה|תרחיש|רמה|חלופה", "hi": "विकल्प|विधि|परिदृश्य|स्तर",
        "zh": "方案|方法|选项|選項|场景|方式", "ja": "選択肢|オプション|方法|シナリオ|レベル|案", "ko": "옵션|방법|시나리오|방안|대안",
        "vi": "phương án|lựa chọn|cách|phương pháp|kịch bản", "id": "opsi|metode|skenario|tingkat|cara|alternatif",
    },
    Meaning.PHASE: {
        "en": "phase|stage|part", "es": "fase|etapa", "pt": "fase|etapa", "fr": "phase|partie", "de": "Phase|Teil",
        "it": "fase|parte", "nl": "fase|deel", "pl": "faza|etap|część", "ru": "этап|фаза|стадия|часть", "uk": "етап|фаза|стадія|частина",
        "tr": "aşama|faz|bölüm", "ar": "المرحلة|مرحلة", "he": "פאזה", "hi": "दौर|भाग", "zh": "阶段|階段", "ja": "フェーズ|段階",
        "ko": "페이즈", "vi": "giai đoạn", "id": "fase|tahap",
    },
    Meaning.OR: {
        "en": "or|or else|alternatively|otherwise|instead", "es": "o|o bien|alternativamente", "pt": "ou|alternativamente",
        "fr": "ou|ou bien|sinon|alternativement", "de": "oder|alternativ|andernfalls", "it": "oppure|in alternativa|altrimenti",
        "nl": "ofwel|of anders|in plaats daarvan", "pl": "lub|albo|ewentualnie|alternatywnie", "ru": "или|либо|иначе", "uk": "або|інакше",
        "tr": "veya|ya da|alternatif olarak", "ar": "أو|بدلا من ذلك", "he": "או|לחלופין|אחרת", "hi": "या|अथवा", "zh": "或者|另一种",
        "ja": "または|もしくは|あるいは|代わりに", "ko": "또는|혹은|아니면", "vi": "hoặc", "id": "atau|sebagai alternatif",
    },
    Meaning.CONDITION: {
        "en": "only if|only when|if needed|if necessary|if required|optional|when needed|as needed",
        "es": "solo si|si es necesario|si hace falta|si procede|opcional|en caso de|únicamente si", "pt": "somente se|apenas se|só se|se necessário|se precisar|opcional|em caso de",
        "fr": "seulement si|uniquement si|si nécessaire|si besoin|au besoin|facultatif|optionnel|en cas de",
        "de": "nur wenn|nur falls|falls nötig|falls erforderlich|wenn nötig|bei Bedarf|optional", "it": "solo se|se necessario|se serve|facoltativo|opzionale|in caso di",
        "nl": "alleen als|alleen indien|indien nodig|zo nodig|optioneel", "pl": "tylko jeśli|tylko jeżeli|tylko gdy|jeśli potrzeba|jeśli to konieczne|w razie potrzeby|opcjonalnie|opcjonalne",
        "ru": "только если|только при|при необходимости|если нужно|если необходимо|если требуется|опционально|необязательно",
        "uk": "лише якщо|тільки якщо|за потреби|якщо потрібно|якщо необхідно|за необхідності|необов'язково|опціонально",
        "tr": "yalnızca|gerekirse|gerekiyorsa|isteğe bağlı|eğer", "ar": "فقط إذا|إذا لزم الأمر|عند الحاجة|عند الضرورة|اختياري|إذا",
        "he": "רק אם|אם צריך|במידת הצורך|אם נדרש|אופציונלי", "hi": "केवल यदि|यदि आवश्यक|यदि ज़रूरी|आवश्यकता होने पर|केवल तभी|यदि",
        "zh": "仅当|仅在|只有|如果|如需|如有|可选|必要时|需要时|視需要", "ja": "場合のみ|必要に応じて|必要な場合|任意", "ko": "경우에만|필요한 경우|필요 시|필요시|선택 사항|선택사항",
        "vi": "chỉ khi|chỉ nếu|nếu cần|khi cần|tùy chọn", "id": "hanya jika|jika perlu|jika diperlukan|bila perlu|opsional",
    },
    Meaning.WARNING: {
        "en": "warning|caution|danger|attention|important|critical", "es": "advertencia|peligro|cuidado|atención|precaución|importante",
        "pt": "aviso|atenção|cuidado|perigo|importante", "fr": "avertissement|attention|danger|prudence|important", "de": "Warnung|Achtung|Vorsicht|Gefahr|Wichtig",
        "it": "avviso|attenzione|pericolo|avvertenza|importante", "nl": "waarschuwing|let op|pas op|gevaar|belangrijk", "pl": "ostrzeżenie|uwaga|niebezpieczeństwo|ważne",
        "ru": "предупреждение|внимание|осторожно|опасно|важно", "uk": "попередження|увага|обережно|небезпечно|важливо", "tr": "uyarı|dikkat|tehlike|önemli",
        "ar": "تحذير|تنبيه|خطر|انتباه", "he": "אזהרה|זהירות|סכנה|שים לב|חשוב", "hi": "चेतावनी|सावधान|सावधानी|खतरा|महत्वपूर्ण", "zh": "警告|注意|危险|重要|小心",
        "ja": "警告|注意|危険|重要", "ko": "경고|주의|위험|중요", "vi": "cảnh báo|chú ý|nguy hiểm|lưu ý|quan trọng", "id": "peringatan|perhatian|bahaya|penting|awas",
    },
    Meaning.BEFORE: {
        "en": "prerequisites|preconditions|before you start|before rolling back|preparation", "es": "requisitos previos|prerrequisitos|antes de empezar|antes de revertir|preparación",
        "pt": "pré-requisitos|antes de começar|antes do rollback|preparação", "fr": "prérequis|avant de commencer|avant le retour|préparation",
        "de": "Voraussetzung*|Vorbedingung*|Vorbereitung*", "it": "prerequisiti|prima di iniziare|preparazione", "nl": "vereisten|voorwaarden|vooraf|voorbereiding",
        "pl": "wymagania wstępne|warunki wstępne|przed rozpoczęciem|przygotowan*", "ru": "предварительные*|перед началом|перед откатом|подготовка|требования",
        "uk": "передумови|перед початком|перед відкатом|підготовка|вимоги", "tr": "ön koşul*|önkoşul*|gereksinim*|başlamadan önce|hazırlık", "ar": "المتطلبات|قبل البدء|قبل التراجع|التحضير",
        "he": "דרישות מוקדמות|תנאים מוקדמים|לפני*|הכנה|הכנות", "hi": "पूर्व आवश्यकताएँ|पूर्वापेक्षा*|शुरू करने से पहले|तैयारी", "zh": "前提|前置|准备|回滚前|先决条件|準備",
        "ja": "前提条件|事前準備|事前確認|前提|準備", "ko": "사전 준비|전제 조건|사전 조건|사전 확인|준비 사항", "vi": "điều kiện tiên quyết|trước khi bắt đầu|chuẩn bị", "id": "prasyarat|sebelum memulai|persiapan",
    },
    Meaning.AFTER: {
        "en": "post-rollback|after the rollback|follow-up|next steps", "es": "después de la reversión|después del rollback|acciones posteriores|seguimiento",
        "pt": "após o rollback|após a reversão|pós-rollback|ações posteriores", "fr": "après le retour|actions postérieures|suivi", "de": "nach dem Rollback|Nachbereitung|Nacharbeit*|Folgemaßnahmen",
        "it": "dopo il ripristino|dopo il rollback|azioni successive", "nl": "na de rollback|na het terugdraaien|nazorg|vervolgacties", "pl": "po wycofaniu|po przywróceniu|działania następcze",
        "ru": "после отката|последующие действия|дальнейшие действия", "uk": "після відкату|подальші дії", "tr": "geri alma sonrası|sonrasında|takip", "ar": "بعد التراجع|المتابعة|الإجراءات الفورية",
        "he": "אחרי השחזור|לאחר השחזור|פעולות המשך", "hi": "रोलबैक के बाद|अनुवर्ती", "zh": "回滚后|后续|善后|回滾後", "ja": "ロールバック後|切り戻し後|事後|後処理",
        "ko": "롤백 후|사후|후속 조치", "vi": "sau khi hoàn tác|sau khi khôi phục", "id": "setelah rollback|setelah pemulihan|tindak lanjut",
    },
    Meaning.EXAMPLE: {
        "en": "example|examples|for example", "es": "ejemplo*|por ejemplo", "pt": "exemplo*|por exemplo", "fr": "exemple*|par exemple", "de": "Beispiel*|zum Beispiel",
        "it": "esempio|esempi|ad esempio", "nl": "voorbeeld*|bijvoorbeeld", "pl": "przykład*|na przykład", "ru": "пример*|например", "uk": "приклад*|наприклад",
        "tr": "örnek*|örneğin", "ar": "مثال|أمثلة", "he": "דוגמה|דוגמאות|לדוגמה", "hi": "उदाहरण", "zh": "示例|例如|范例|例子", "ja": "例|例えば|サンプル", "ko": "예시|예제",
        "vi": "ví dụ", "id": "contoh|misalnya",
    },
    Meaning.OUTPUT: {
        "en": "expected output|output", "es": "salida esperada|resultado esperado|salida", "pt": "saída esperada|resultado esperado|saída", "fr": "sortie attendue|résultat attendu|sortie",
        "de": "erwartete Ausgabe|erwartetes Ergebnis|Ausgabe", "it": "output atteso|risultato atteso", "nl": "verwachte uitvoer|uitvoer|verwacht resultaat", "pl": "oczekiwany wynik|oczekiwane wyjście|wynik",
        "ru": "ожидаемый вывод|ожидаемый результат|вывод", "uk": "очікуваний вивід|очікуваний результат|вивід", "tr": "beklenen çıktı|beklenen sonuç|çıktı", "ar": "المخرجات المتوقعة|النتيجة المتوقعة",
        "he": "פלט צפוי|תוצאה צפויה|פלט", "hi": "अपेक्षित आउटपुट|अपेक्षित परिणाम|आउटपुट", "zh": "预期输出|预期结果|输出|預期輸出|返回结果", "ja": "期待される出力|期待される結果|出力例|出力|実行結果",
        "ko": "예상 출력|예상 결과|출력", "vi": "kết quả mong đợi|đầu ra", "id": "keluaran yang diharapkan|hasil yang diharapkan|keluaran",
    },
    Meaning.GOING_BACK: {
        "en": "rollback|roll back|revert|undo|back out", "es": "reversión|revertir|deshacer|marcha atrás|restaur*", "pt": "reversão|reverter|desfazer|restaur*",
        "fr": "retour arrière|retour en arrière|annul*|restaur*|rétabl*|revenir", "de": "zurückroll*|zurücksetz*|Rückgängig*|Rückbau|Rücknahme|wiederherstell*|Rückfall*",
        "it": "ripristin*|annull*|tornare indietro", "nl": "terugdraai*|terugrol*|terugzet*|herstel*|ongedaan", "pl": "wycofa*|wycofyw*|przywróc*|przywrac*|cofni*", "ru": "откат*|откач*|восстанов*|возврат*|вернуть",
        "uk": "відкат*|відкот*|відновл*|поверн*|скасув*", "tr": "geri al*|geri dön*|geri yükle*|geri çek*", "ar": "تراجع|التراجع|استرجاع|استعادة|إرجاع", "he": "שחזור|החזרה|חזרה לאחור|לשחזר|גלגול לאחור|ביטול",
        "hi": "रोलबैक|वापस|पुनर्स्थापि*|पूर्ववत", "zh": "回滚|回退|回滾|恢复|还原|還原|撤销", "ja": "ロールバック|切り戻し|切戻し|復元|復旧|元に戻", "ko": "롤백|복구|복원|되돌리",
        "vi": "hoàn tác|khôi phục|quay lui|phục hồi|lùi phiên bản", "id": "pemulihan|memulihkan|pulihkan|pengembalian|mengembalikan|kembalikan|batalkan",
    },
    Meaning.CHECKING: {
        "en": "verification|verify|validation", "es": "verificación|verificar|comprobaci*|comprobar|validación", "pt": "verificação|verificar|validação|validar",
        "fr": "vérification*|vérifier|contrôle*", "de": "Überprüf*|Prüfung*|Verifizier*|Kontrolle", "it": "verifica*|controllo|controlli|convalida", "nl": "verificatie|verifieer|controle*|controleer",
        "pl": "weryfikacj*|sprawdz*|sprawdź|kontrola", "ru": "проверк*|проверить|проверьте", "uk": "перевірк*|перевірити|перевірте", "tr": "doğrula*|kontrol*", "ar": "التحقق|الفحص|تحقق",
        "he": "אימות|בדיקה|בדיקות", "hi": "सत्यापन|जाँच|जांच|पुष्टि", "zh": "验证|校验|检查|验收", "ja": "確認|検証|チェック", "ko": "확인|검증|점검", "vi": "kiểm tra|xác minh|xác nhận", "id": "verifikasi|periksa|pengecekan",
    },
    Meaning.WHEN: {
        "en": "when to roll back|triggers", "es": "cuándo revertir|cuándo hacer|disparador*|criterios de reversión", "pt": "quando reverter|quando fazer|gatilho*|critérios de reversão",
        "fr": "quand revenir|quand déclencher|déclencheur*", "de": "wann zurück*|Auslöser|Abbruchkriterien", "it": "quando ripristinare|quando eseguire|criteri di ripristino", "nl": "wanneer terug*|wanneer een rollback|aanleiding*",
        "pl": "kiedy wycof*|kiedy przywróc*|kryteria", "ru": "когда откат*|когда выполнять|критерии*|условия отката", "uk": "коли відкат*|коли виконувати|критерії*", "tr": "ne zaman geri*|tetikleyici*",
        "ar": "متى|محفزات|أسباب التراجع|شروط", "he": "מתי*|קריטריונים", "hi": "कब|मानदंड", "zh": "何时|触发|回滚条件|什么时候", "ja": "判断基準|いつ|発動条件|トリガー", "ko": "롤백 기준|트리거|언제",
        "vi": "khi nào*|tiêu chí", "id": "kapan*|kriteria",
    },
    Meaning.STEPS: {
        "en": "steps|procedure|instructions", "es": "pasos|procedimiento", "pt": "passos|procedimento", "fr": "étapes|procédure|mode opératoire", "de": "Schritte|Vorgehen|Ablauf|Verfahren",
        "it": "passi|procedura|passaggi", "nl": "stappen|stappenplan", "pl": "kroki|procedura", "ru": "шаги|порядок*|процедура|инструкция", "uk": "кроки|порядок*|процедура|інструкція",
        "tr": "adımlar*|adımları|prosedür*", "ar": "خطوات|الخطوات|التنفيذ", "he": "שלבים|צעדים|נוהל|הליך", "hi": "चरणों|प्रक्रिया", "zh": "步骤|流程|操作|执行", "ja": "手順|作業手順", "ko": "절차|순서",
        "vi": "các bước|quy trình", "id": "langkah-langkah|prosedur",
    },
    Meaning.DEPLOYING: {
        "en": "deploy*|release steps|installation", "es": "despliegue|desplegar", "pt": "implantação|implantar", "fr": "déploiement|déployer|mise en production", "de": "Ausrollen|Bereitstellung|Einspielen",
        "it": "distribuzione|rilascio", "nl": "uitrol*|uitrollen", "pl": "wdrożeni*|wdrażan*", "ru": "развертыв*|деплой*|выкат*|установка", "uk": "розгорт*|деплой*|викат*", "tr": "dağıtım*|kurulum", "ar": "النشر|نشر",
        "he": "פריסה|התקנה", "hi": "तैनाती|परिनियोजन|डिप्लॉय*", "zh": "部署|上线|发布", "ja": "デプロイ|リリース手順|展開", "ko": "배포", "vi": "triển khai|phát hành", "id": "penerapan|perilisan",
    },
    Meaning.TELLING: {
        "en": "tell people|tell everyone|tell users", "es": "avisar|informar|notificar|comunicación", "pt": "avisar|informar|notificar|comunicação", "fr": "prévenir|avertir|informer|communication",
        "de": "benachrichtig*|informier*|Bescheid|Kommunikation", "it": "avvisare|informare|notificare|comunicazione", "nl": "informeer*|inlichten|communicatie", "pl": "powiadom*|poinform*|komunikacja",
        "ru": "сообщить|уведом*|оповест*|оповещ*|коммуникаци*", "uk": "повідом*|сповіст*|сповіщ*|комунікаці*", "tr": "haber ver*|bilgilendir*|iletişim", "ar": "الإخطار|التواصل|إبلاغ|الإبلاغ|إشعار",
        "he": "עדכון|ליידע|להודיע|תקשורת", "hi": "सूचित*|सूचना|संचार", "zh": "通知|沟通|通告|告知", "ja": "連絡|通知|周知", "ko": "공지|알림|연락|통보", "vi": "thông báo|liên lạc", "id": "beri tahu*|pemberitahuan|komunikasi",
    },
    Meaning.DECIDING: {
        "en": "who decides|decision maker*", "es": "quién decide|decisión", "pt": "quem decide|decisão", "fr": "qui décide|décision|décideur*", "de": "wer entscheidet|Entscheidung|Entscheider*",
        "it": "chi decide|decisione", "nl": "wie beslist|wie besluit|beslissing*|beslisser*", "pl": "kto decyduje|decyzja|decydent*", "ru": "кто решает|кто принимает решение|решение принимает|ответственный|ответственные",
        "uk": "хто вирішує|хто приймає рішення|рішення приймає|відповідальний|відповідальні", "tr": "kim karar verir|karar verici|karar verecek", "ar": "من يقرر|صاحب القرار|القرار", "he": "מי מחליט|החלטה|מקבל ההחלטה",
        "hi": "निर्णय|निर्णयकर्ता", "zh": "谁决定|谁来决定|决策|決策", "ja": "判断者|決定者|責任者|承認者", "ko": "결정권자|의사결정|의사 결정|누가 결정", "vi": "ai quyết định|người quyết định", "id": "siapa yang memutuskan|pengambil keputusan",
    },
}  # fmt: skip
CODES = tuple(WORDS[Meaning.STEP])

# Letters of scripts written without spaces, and the marks of Devanagari, which are no word's end.
_UNSPACED = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u4e00-\u9fff\uac00-\ud7af]")
_INSIDE = r"[\w\u0900-\u097f]"


@lru_cache(maxsize=64)
def any_of(meaning: Meaning) -> str:
    """An expression for folded text: any word of this meaning in any language."""
    words = {word for row in WORDS[meaning].values() for word in row.split("|")}
    return "|".join(map(_pattern, sorted(words, key=lambda word: (-len(word), word))))


def knows(text: str) -> bool:
    """Whether any word of the table stands in this text."""
    return bool(_ANY.search(fold(text)))


def _pattern(word: str) -> str:
    stem = re.escape(fold(word.rstrip("*")))
    if _UNSPACED.search(stem):
        return stem
    return rf"(?<!{_INSIDE}){stem}" + (rf"{_INSIDE}*" if word.endswith("*") else rf"(?!{_INSIDE})")


_ANY = re.compile("|".join(any_of(meaning) for meaning in Meaning))
