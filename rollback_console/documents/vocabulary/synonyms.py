"""Words people use for the parts of a plan, as regular expressions over folded headings.

Folded means lower case, without accents, emoji or numbering (see `fold`). English first in
each entry, then Spanish, French, German, Portuguese, Italian, Chinese and Arabic.
"""

from __future__ import annotations

ROLLBACK = (
    r"roll(?:ing|ed|s)?[ -]?back|\brevert|\bback(?:ing)?[ -]?out\b|\bundo|\brestor"
    r"|\brecover(?!y time)"
    r"|\bdowngrad|switch(?:ing)? back|deploy\w* (?:the |a |an )?(?:previous|prior|older?\b|last (?:good|known|stable)|known|stable version)|(?:previous|prior|older)[ -](?:release|version|build) (?:re-?)?deploy|\bgo(?:ing)? back\b|back to (?:the )?(?:previous|old|last)|rucksetz|reversion|\brevertir|deshacer|marcha atras|restaur|recupera"
    r"|retour (?:en )?arriere|annul(?:er|ation)|retablir|ruckroll|zuruckroll|zurucksetz|ruckgangig"
    r"|wiederherstell|ripristin|annulla|reverter|desfazer|回滚|回退|回滾|恢复|还原|撤销|تراجع|استرجاع"
    r"|استعاده|ارجاع"
)

MESSAGE = (
    r"(?:message|notification|communication|communications|announcement|email|e-mail|slack|update"
    r"|status(?: page)?)s? (?:template|text|example|message|announcement)s?|template message"
    r"|^messages? (?:to|for|text)\b|mensaje (?:a|para)|message (?:a|aux|pour)\b|nachricht an|发给"
    r"|رساله"
    r"|plantilla|modele (?:de )?(?:message|communication)|nachrichtenvorlage|vorlage|消息模板|通知模板"
    r"|قالب|نموذج الرساله"
)

NO_GO = (
    r"^(?:do not|don.?ts?)$|^not allowed|forbidden|prohibited|\bnever do\b|\bmust not\b|prohibid|proibid|interdit|verboten|禁止|when (?:not|never) to|when you should(?: not|n.?t)|do(?: not|n.?t) (?:use|roll|revert"
    r"|execute)"
    r"|\bno rollback\b|\bno[ -]?go\b|when to avoid|not recommended|cuando no|quand ne pas"
    r"|wann nicht|quando non"
    r"|quando nao"
    r"|何时不|不(?:应|要|宜|该)回滚|متي لا|متى لا"
)

ABOUT = (
    r"^(?:best practices|good practices|boas praticas|buenas practicas|features|tips|why|rationale|overview|purpose|goals?|objectives?|scope|introduction|background|context|summary"
    r"|assumptions?|limitations?"
    r"|advantages?|disadvantages?|pros|cons|benefits|drawbacks|trade-?offs?"
    r"|notes?|table of contents|contents|key (?:concept|principle)s?|(?:golden |general "
    r"|important |rollback )?(?:rules?|principles?|notes?)"
    r"|executive summary|philosophy|description|about)\b|golden rules|^what is\b"
    r"|^(?:objetivo|proposito|alcance|introduccion|resumen|principio|reglas|concepto|politica"
    r"|indice|descripcion|notas?|ventajas|desventajas)\b"
    r"|^(?:objectif|but|portee|introduction|contexte|resume|principe|regles|remarques?|avantages|inconvenients)\b"
    r"|^(?:ziele?|zweck|umfang|einleitung|einfuhrung|uberblick|ubersicht|zusammenfassung"
    r"|grundsatze?|regeln|hinweise?|vorteile|nachteile)\b"
    r"|^(?:概述|目的|目标|范围|背景|简介|说明|摘要|原则|回滚概述|文档说明|优点|缺点|优势|劣势)|^(?:الهدف|الغرض|نظره عامه|المقدمه|النطاق|ملخص"
    r"|ملاحظات)"
)

# Of these, a heading that also speaks of going back is not one.
FORWARD = (
    r"\bdeploy|\brelease (?:steps|process|procedure)|\binstall|\bupgrade|go-?live|\blaunch"
    r"|roll-?out"
    r"|\bcutover|despliegue|deploiement|\bausrollen|implantacao|部署|上线|发布|نشر"
)

PREVENTION = (
    r"prevent|lessons?(?: learned)?|post-?mortem|\brca\b|root[ -]cause|retrospective"
    r"|what went wrong"
    r"|incident (?:review|report)|additional test|improvement|lecciones|prevencion|causa raiz"
    r"|retour d.experience|lecons|analyse des causes|vermeidung|ursachenanalyse|lehren|lezioni"
    r"|licoes"
    r"|预防|复盘|经验教训|根因|الوقايه|الدروس|منع التكرار"
)

# Before the triggers: "success criteria" are criteria too.
SUCCESS = r"success(?!iv)|exit criteria|exitos[oa]\b|exito\b|criteres de (?:succes|reussite)|erfolg|成功|نجاح"

VERIFICATION = (
    r"^(?:did|has) (?:it|that) work|^(?:double-?)?check(?:ing)? (?:that|whether|if|it|how)\b|how do (?:i|we|you) know|^make sure|^proof\b"
    r"|^post-?checks?\b|^test(?:ing|s)? (?:after|post)|verif|validat|validaci|validierung|success criteria|exit criteria|acceptance"
    r"|smoke[ -]?test|sanity|health[ -]?check"
    r"|post[ -]?(?:rollback|recovery|revert) (?:check|test|verif|valid)|critical check|\bconfirm"
    r"|(?:^|rollback |quality |final )checks?$|rollback checklist$|criterios de exito|comprob"
    r"|pruebas de humo"
    r"|criterios? de .{0,30}exit|exitos[oa]\b|rollback (?:is )?successful|considered successful"
    r"|criteres de (?:succes|reussite)|controle|prufung|uberpruf|verifiz|erfolgskriteri|verifich"
    r"|verifica"
    r"|验证|校验|检查|验收|التحقق|الفحص|تحقق"
)

TRIGGERS = (
    r"^detect|^when it (?:runs|triggers|does)|症状|现象|\bsintomas?\b|symptome|back ?-?out (?:criteria|conditions?|triggers?)|^criteria\b|^why\b|when (?:to|do we|should (?:we|you|i)|you should) (?:roll|use|execute|trigger|revert"
    r"|initiate|activate"
    r"|invoke|perform|run|start|back|consider|do)|trigger|symptom|indicator|(?:rollback|decision"
    r"|abort|revert)"
    r"(?: decision)? (?:criteria|condition|threshold|signal|reason)|reasons? (?:to|for) roll"
    r"|^when$|conditions? (?:for|to) (?:roll|revert)|go ?/ ?no-?go|use (?:this )?(?:runbook "
    r"|plan |procedure )?when"
    r"|(?:escenarios?|situaciones|casos) (?:que|de|para) (?:activ|dispar|rollback|reversi)"
    r"|que activan"
    r"|cuando (?:revertir|hacer|ejecutar|usar|realizar|activar|aplicar|se (?:dispara|activa|inicia|ejecuta))"
    r"|disparador"
    r"|criterios? de (?:reversion|rollback|activacion)"
    r"|quand (?:declencher|faire|effectuer|revenir|executer|utiliser|annuler|proceder)"
    r"|declencheur|criteres? de (?:declenchement|retour)"
    r"|wann (?:zuruck|ein|der|soll|wird|rollback|auslosen|ist)|ausloser|abbruchkriteri"
    r"|quando (?:eseguire|fare|executar|reverter|usar|aplicar)"
    r"|(?:何时|什么时候)(?:执行|进行|需要)?回|触发|回[滚退]条件|回[滚退]时机|متي|متى|محفزات|اسباب التراجع|شروط"
)

PRECONDITIONS = (
    r"pre-?requisite|pre-?condition|before (?:you|we|rolling|rollback|starting|the rollback|any"
    r"|executing|begin)"
    r"|pre[ -]?(?:rollback|flight|checks?\b|revert|recovery)|preparation|^requirements?$"
    r"|what you need|access required"
    r"|requisitos|antes de|preparacion|prerequis|conditions prealables|avant de|preparation"
    r"|voraussetzung"
    r"|vorbedingung|vorbereitung|bevor|prerequisiti|pre-?requisitos|前提|前置|准备|回滚前|المتطلبات"
    r"|قبل البدء|قبل التراجع|التحضير"
)

TIME = (
    r"^times?$|time[ -]?(?:estimate|line|frame|objective|target|budget|to)|estimated? (?:time|duration"
    r"|rollback time)"
    r"|\brto\b|\brpo\b|\bslas?\b|recovery (?:time|target|objective)|duration|how long|rollback time"
    r"|tiempo|duracion|temps|duree|delai|zeit|dauer|tempi|tempo|durata|duracao|时间|耗时|时长|الوقت"
    r"|المده|الزمن"
)

DATA = (
    r"data[ -]?loss|data (?:recovery|consideration|impact|handling|integrity|preservation|safety"
    r"|risk|retention)"
    r"|(?:database|db|schema)(?: rollback| migration)? (?:consideration|note|strategy|impact"
    r"|risk|compatib|safety)"
    r"|migrations? (?:safety|consideration|class|compat|note|type|rollback$)|perdida de datos"
    r"|base de datos"
    r"|perte de donnees|base de donnees|datenverlust|datenbank|perdita di dati|perda de dados"
    r"|数据丢失|数据恢复|数据库|数据风险|فقدان البيانات|قاعده البيانات|البيانات"
)

CONTACTS = (
    r"contact|escalat|on-?call|emergency (?:number|phone|line)|\bphone|support (?:channel|info)"
    r"|who to call"
    r"|escalad|escalamiento|astreinte|escalade|ansprechpartner|eskalation|kontakt|contatti|contato"
    r"|联系|升级路径|值班|جهات الاتصال|التصعيد|الاتصال"
)

COMMUNICATION = (
    r"^tell\b|^people$|communicat|notif|stakeholder|announce|\binform|who to (?:tell|notify|inform)|status page"
    r"|comunicacion|avisar|prevenir|benachricht|kommunikation|comunicazione|comunicacao"
    r"|沟通|通知|通告|الاخطار|التواصل|الابلاغ|اشعار"
)

DECISION = (
    r"decision|decid|authori[sz]|authority|approv|who can|sever|roles?\b|responsib|\bowners?\b"
    r"|sign-?off"
    r"|autoriza|aproba|responsable|entscheid|freigabe|verantwort|zustandig|approvazione"
    r"|aprovacao|decisione"
    r"|决策|审批|授权|负责人|严重|القرار|الصلاحيه|الموافقه|المسوول"
)

AFTER = (
    r"post[ -]?(?:rollback|recovery|revert|incident|execution)|after (?:the |a |an |any |each |executing |performing |completing )*(?:successful )?(?:roll|recover"
    r"|revert|execution|you)"
    r"|follow[ -]?up|next steps|immediate(?:ly)? (?:action|after|follow|next)|aftermath"
    r"|clean-?up|closure|afterwards"
    r"|despues|posterior|seguimiento|acciones (?:inmediatas|posteriores)|apres|suivi"
    r"|actions (?:immediates|posterieures)"
    r"|nach dem|nachbereitung|folgemass|sofortmass|massnahmen|nacharbeit|dopo|apos"
    r"|回[滚退][之以]?后|后续|善后|بعد التراجع|الاجراءات الفوريه|المتابعه|اجراءات"
)
FOLLOW_UP = (
    r"follow[ -]?up|later|next (?:steps|day|business|week)|long[ -]?term|within \d+ (?:day|hour"
    r"|week)|24 hours"
    r"|short[ -]?term|seguimiento|posterior|suivi|folge|nachbereit|后续|长期|المتابعه|لاحق"
)

STEPS = (
    r"^(?:do this|what to do(?: now)?)$|\bderoule|mode operatoire|marche a suivre|\btasks?$|\bactions? plan|\bsteps?\b|procedures?|\bprocess\b|execut|instructions?|\bmethods?\b|\boptions?\b|strateg"
    r"|scenario|phase"
    r"|\bstages?\b|\bhow to\b|\bcommands?\b|\bscripts?\b|\brunbook\b|playbook|automated"
    r"|manual(?:ly)?\b|emergency"
    r"|\bpasos\b|procedimiento|ejecucion|metodo|opcion|escenario|\betapes?\b|procedure|methode"
    r"|execution"
    r"|\bschritte?\b|vorgehen|ablauf|verfahren|durchfuhrung|optionen|passi|passos|procedura|fasi"
    r"|步骤|流程|方案|操作|执行|阶段|方法|场景|خطوات|الخطوات|الاجراء|اجراءات التراجع|التنفيذ|مراحل|الطريقه|الخيار"
)
