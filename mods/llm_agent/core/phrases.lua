-- Words and phrases that the mod looks for in what players say, in the languages it speaks (English, German, French, Spanish,
-- Russian). Data only. A new language: add its words to every list here, and to LANGUAGES in tools/mod_locale.py.
-- How a list is matched stands above each group; the sentence is in small letters for all but the first.

local phrases = {}

-- Whole words, in any case (text.names_any) ------------------------------------------------------------------------------

-- Everybody in earshot is meant.
phrases.everybody = {
	"you two", "you both", "both of you", "you all", "you guys", "ihr beide", "ihr zwei", "ihr beiden", "vous deux", "vous tous",
	"vosotros dos", "ustedes dos", "вы оба", "вы двое",
	"everyone", "everybody", "folks", "alle", "leute", "tous", "todos", "все",
}

-- A yes to an offer, unless a no stands beside it.
phrases.yes = {
	"yes", "yeah", "yep", "aye", "sure", "okay", "ok", "alright", "all right", "deal", "gladly", "will do", "of course",
	"count me in", "count on me", "ja", "jawohl", "gerne", "klar", "abgemacht", "einverstanden", "in ordnung", "mach ich",
	"oui", "volontiers", "d'accord", "entendu", "bien sûr", "marché conclu", "sí", "si", "vale", "claro", "de acuerdo",
	"trato hecho", "por supuesto", "да", "хорошо", "ладно", "конечно", "договорились", "идёт", "по рукам",
	"согласен", "согласна",
}

-- The same where nothing else is said but a name: "fine" is an answer to much.
phrases.only_yes = {
	"fine", "very well", "right", "agreed", "gut", "na gut", "also gut", "schön", "bien", "très bien", "bueno", "está bien",
	"muy bien", "добро", "так и быть",
}

-- A no: one anywhere counts first.
phrases.no = {"no", "not", "never", "nein", "nicht", "non", "pas", "nunca", "нет", "не"}

-- The player asks for work.
phrases.work = {
	"work", "job", "jobs", "quest", "quests", "task", "tasks", "errand", "mission", "help", "need", "earn",
	"arbeit", "aufgabe", "helfen", "brauchst", "travail", "quête", "aider", "besoin",
	"trabajo", "misión", "ayudar", "necesitas", "работа", "задание", "помочь", "нужно",
}

-- The player says that something is done.
phrases.done = {
	"done", "finished", "brought", "reward", "fertig", "erledigt", "gebracht", "lohn", "fini", "terminé", "apporté", "récompense",
	"hecho", "terminado", "traje", "recompensa", "готово", "сделано", "принёс", "принесла", "награда",
}

-- Parts of a sentence, inside words too; Cyrillic as it is written (text.holds_any) --------------------------------------

-- The player wants to sell …
phrases.sell = {
	"sell you", "sell my", "sell this", "sell these", "to sell", "i sell", "i'm selling", "im selling", "i am selling", "buy my",
	"buy this", "buy these", "buy it from me", "buy from me", "will you buy", "would you buy", "do you buy", "you want to buy",
	"give me for", "pay me for", "pay for my", "verkaufe", "verkaufen", "je vends", "te vendre", "vous vendre", "vendo",
	"venderte", "продаю", "продам", "купишь",
}

-- … unless they ask what there is to buy.
phrases.asks_for_goods = {"do you have to sell", "have you to sell", "you got to sell", "anything to sell", "something to sell"}

-- They ask what there is, not for a certain thing.
phrases.any_goods = {
	"what do you", "what have you", "what can i", "something", "anything", "wares", "goods", "for sale", "stock", "shop", "show me",
	"cheap", "trade", "handel", "waren", "was verkauf", "was hast", "etwas", "que vend", "quelque chose", "qué vend", "algo",
	"mercan", "товар", "что", "торг",
}

-- They ask for a certain thing, whatever it is.
phrases.one_thing = {
	"buy", "sell me", "how much", "price of", "cost", "do you have", "have you got", "i need", "i want a", "i would like",
	"i'd like",
}

-- Words and phrases of text.says_any, which knows no letters of either case and no marks ---------------------------------

-- The talk is about trade, whatever else is said. Left out are words that mean other things as well: "deal", "offer", "Friday"
-- in French, "I understand" in Spanish, "stands" in Russian.
phrases.trade = {
	"buy*", "bought", "sell", "sells", "selling", "price*", "cost", "costs", "trade", "trading", "barter*", "haggle*",
	"wares", "goods", "for sale", "in stock", "your stock", "discount", "afford", "coins for", "how much for",
	"how much is", "how much are", "how much does", "how much do you want", "how much do you ask",
	"what do you have to offer", "what can you offer me", "make me an offer", "i pay", "i ll pay", "i will pay", "pay you",
	"will you pay", "would you pay", "do you pay", "you pay for", "cheaper", "too expensive", "would you take", "swap*",
	"open your shop", "show me your shop", "kauf*", "verkauf*", "abkauf*", "einkauf*", "preis*", "kostet", "was kosten",
	"wie viel kosten", "wie viel für", "wieviel für", "wie viel willst", "was willst du für", "münzen für", "handeln",
	"feilsch*", "deine waren", "welche waren", "dein angebot", "im angebot", "ich zahle", "zahlst du", "ich biete",
	"zu teuer", "billiger", "günstiger", "tauschen", "eintausch*", "achet*", "achèt*", "vends", "vendez", "vend",
	"vendre", "à vendre", "le prix", "quel prix", "prix de", "ton prix", "votre prix", "combien coût*", "combien pour",
	"combien vaut", "combien veux tu", "combien voulez", "coûte", "coûtent", "pièces pour", "marchander", "marchandise*",
	"troc", "troquer", "échanger", "je paie", "je paye", "tu paies", "payes tu", "trop cher", "moins cher",
	"je t en donne", "je t offre", "comprar*", "compro", "compras", "vender*", "vendes", "vende", "venden", "vendo",
	"en venta", "a la venta", "precio*", "cuánto cuesta*", "cuánto vale*", "cuánto por", "cuánto pides",
	"cuánto quieres", "cuánto das", "cuanto cuesta*", "cuanto por", "monedas por", "mercancía*", "regate*", "trueque",
	"comerciar", "te pago", "pagas", "demasiado caro", "muy caro", "más barat*", "te ofrezco", "te doy por", "купи*",
	"куплю", "купл*", "покупа*", "прода*", "какая цена", "какова цена",
	"твоя цена", "цена", "цену", "почём", "сколько стоит", "сколько стоят",
	"сколько за", "сколько хочешь за", "сколько просишь", "торгу*",
	"торгов*", "обменя*", "товар*", "монет за", "монеты за", "дорого",
	"дешевле", "скидк*", "заплачу", "плачу", "платишь", "заплатишь",
}

-- A thing shall be mended: it is named, and not for sale.
phrases.repairs = {
	"mend*", "repair*", "fix*", "sharpen*", "reparier*", "flick*", "schärf*", "répar*", "aiguis*", "reparar*", "repara*",
	"arregl*", "afil*", "почин*", "отремонт*", "заточи*",
}

-- A thing is asked for: talk of trade where the thing is named that the NPC has.
phrases.asks_for = {
	"please", "i want", "i need", "i d like", "i would like", "i d love", "give me", "do you have", "have you",
	"have you got", "do u have", "u have", "you got", "u got", "got any", "got", "can i have", "could i have", "may i have",
	"can i get", "i ll take", "i take", "i ll have",
	"how much", "for me", "bitte", "ich brauche", "ich möchte", "ich will", "ich hätte", "gib mir", "hast du", "habt ihr",
	"haben sie", "ich nehme", "wie viel", "s il te plaît", "s il vous plaît", "je veux", "je voudrais", "il me faut",
	"j ai besoin", "donne", "donnez", "as tu", "avez vous", "tu as", "je prends", "combien", "por favor", "quiero",
	"quisiera", "necesito", "dame", "deme", "tienes", "tiene", "me llevo", "cuánto", "cuanto", "пожалуйста",
	"хочу", "мне нуж*", "нужен", "нужна", "нужно", "нужны", "дай", "дайте",
	"есть ли", "у тебя есть", "у вас есть", "возьму", "сколько",
}

-- Things of a stall, however a game calls them. Beside phrases.asks_for: who has none of it says so.
phrases.stall_goods = {
	"meat", "fish", "bread", "cheese", "milk", "egg", "eggs", "beer", "ale", "wine", "apple", "apples", "food", "weapon*",
	"sword*", "bow", "bows", "arrow*", "armor", "armour", "shield*", "tool*", "pick", "picks", "pickaxe*", "axe", "axes",
	"shovel*", "torch*", "rope", "cloth", "leather", "potion*", "herb*", "book", "books", "map", "maps", "fleisch", "fisch*",
	"brot*", "käse", "milch", "eier", "bier", "wein", "apfel", "äpfel", "waffe*", "schwert*", "bogen", "pfeil*", "rüstung*",
	"werkzeug*", "spitzhacke*", "axt", "äxte", "fackel*", "seil", "leder", "trank", "kräuter", "buch", "bücher", "viande",
	"poisson*", "pain", "pains", "fromage*", "lait", "œufs", "bière*", "vin", "pomme*", "arme", "armes", "épée*", "flèche*",
	"armure*", "outil*", "pioche*", "hache*", "torche*", "corde", "cuir", "herbes", "livre", "livres", "carne", "pescado*",
	"pan", "panes", "queso*", "leche", "huevos", "cerveza*", "vino", "manzana*", "arma", "armas", "espada*", "flecha*",
	"armadura*", "herramienta*", "hacha*", "antorcha*", "cuerda", "cuero", "hierbas", "libro", "libros", "мясо",
	"мяса", "рыба", "рыбы", "хлеб", "хлеба", "сыр", "сыра", "молоко",
	"пиво", "вино", "яблок*", "оруж*", "меч", "мечи",
	"стрел*", "доспех*", "инструмент*", "кирк*", "топор*", "факел*", "верёвк*", "кожа", "травы", "книг*",
}

-- An answer to a price that was named just now, where no number is said.
phrases.on_the_price = {
	"too much", "too little", "too dear", "expensive", "cheap", "less", "more", "your price", "last word", "lower",
	"higher", "zu viel", "zuviel", "zu wenig", "teuer", "billig", "weniger", "mehr", "trop", "cher", "moins", "plus",
	"pas assez", "demasiado", "caro", "barato", "menos", "más", "poco", "слишком", "много", "мало",
	"меньше", "больше", "дорого", "дёшево",
}

-- The player agrees to a price that was named just now, unless a no stands beside it.
phrases.agrees = {
	"deal", "it is a deal", "agreed", "i take it", "i ll take it", "i will take it", "i accept", "done deal", "sold",
	"fair enough", "abgemacht", "einverstanden", "ich nehme es", "ich nehme sie", "ich nehme ihn", "in ordnung", "d accord",
	"marché conclu", "je le prends", "je la prends", "je les prends", "entendu", "trato hecho", "de acuerdo",
	"me lo llevo", "me la llevo", "acepto", "договорились", "по рукам", "согласен",
	"согласна", "беру", "идёт",
}

-- A player tells somebody to fight: what the sentence begins with after names and words of phrases.before_an_order.
phrases.attack = {
	"attack", "fight", "kill", "strike", "slay", "hit", "charge", "beat", "get him", "get her", "get it", "get them",
	"go for", "take down", "bring down", "drive off", "drive away", "greif", "greift", "attackier*", "bekämpf*", "kämpf*",
	"schlag*", "schlagt", "töte", "tötet", "erschlag*", "vertreib*", "attaque", "attaquez", "combats", "combattez",
	"frappe", "frappez", "tue", "tuez", "abats", "chasse", "chassez", "ataca", "atacad", "ataque", "ataquen", "lucha",
	"luchad", "mata", "matad", "golpea", "golpead", "combate", "combatid", "pelea", "pelead", "атакуй*",
	"нападай*", "напади*", "убей*", "бей", "бейте", "ударь*", "сразись",
	"сразитесь", "дерись", "деритесь", "прогони*",
}

-- The same, where it ends the sentence: "Rolf angreifen!"
phrases.attack_last = {"angreifen", "bekämpfen", "vertreiben", "attackieren"}

-- The player tells somebody to stand by them, found as phrases.attack is.
phrases.guard_me = {
	"guard me", "protect me", "defend me", "stand by me", "beschütze mich", "beschützt mich", "bewache mich",
	"verteidige mich", "steh mir bei", "protège moi", "protégez moi", "défends moi", "défendez moi", "protégeme",
	"protegedme", "defiéndeme", "защищай меня", "защити меня", "защищайте меня",
	"охраняй меня",
}

-- What may stand before an order.
phrases.before_an_order = {
	"and", "please", "now", "quick", "quickly", "hey", "oh", "you", "two", "both", "all", "go", "come on", "can", "could",
	"will", "would", "must", "help me", "to", "und", "bitte", "jetzt", "schnell", "los", "ihr", "du", "beide", "et",
	"s il te plaît", "s il vous plaît", "maintenant", "vite", "tous", "allez", "y", "e", "por favor", "ahora", "rápido",
	"vamos", "todos", "и", "пожалуйста", "быстро", "сейчас", "давай", "давайте", "вы",
	"ты", "оба", "все", "everyone", "everybody", "guards", "men", "alle", "leute", "wachen",
}

-- Something is to be done only if something comes to pass.
phrases.condition = {
	"if", "when", "whenever", "unless", "wenn", "falls", "sobald", "si", "quand", "lorsque", "cuando", "если", "когда",
}

-- The monster that is there, whatever it is called.
phrases.that_monster = {
	"monster*", "beast*", "creature*", "it", "that thing", "them", "him", "her", "untier*", "biest*", "bestie*", "vieh",
	"es", "ihn", "sie", "monstre*", "bête*", "créature*", "al", "el", "le", "la", "les", "monstruo*", "bestia*",
	"criatura*", "lo", "los", "las", "чудовищ*", "монстр*", "тварь", "твар*", "зверь",
	"звер*", "его", "её", "их",
}

-- A fight shall end: whoever ordered it says so, or whom it is against.
phrases.stop_fighting = {
	"stop", "stop it", "enough", "halt", "stand down", "leave him", "leave her", "leave it", "leave them", "hold your",
	"cease", "aufhören", "hör auf", "hört auf", "genug", "lass ihn", "lass sie", "lass es", "schluss", "arrête",
	"arrêtez", "assez", "laisse le", "laisse la", "laissez le", "para", "parad", "basta", "alto", "déjalo", "déjala",
	"dejadlo", "стой", "стойте", "хватит", "прекрати*", "перестань*", "оставь*",
}

-- The player is sorry, or gives up.
phrases.sorry = {
	"sorry", "i apologize", "i apologise", "my apologies", "forgive me", "forgive", "i beg your pardon", "pardon",
	"i yield", "i surrender", "i give up", "peace", "mercy", "truce", "by accident", "an accident", "did not mean",
	"didn t mean", "entschuldig*", "verzeih*", "tut mir leid", "ich ergebe mich", "ich gebe auf", "frieden", "gnade",
	"aus versehen", "désolé", "désolée", "excuse*", "pardonne*", "je me rends", "j abandonne", "paix", "pitié",
	"trêve", "perdón", "perdona", "perdone", "perdonad", "lo siento", "disculpa*", "me rindo", "paz", "piedad", "tregua",
	"sin querer", "прости", "простите", "извини", "извините", "виноват",
	"виновата", "сдаюсь", "мир", "пощад*", "случайно", "не хотел", "не хотела",
}

-- Coins, after the number of them.
phrases.coins = {
	"coin", "coins", "gold", "münze", "münzen", "goldstück*", "pièce", "pièces", "moneda", "monedas", "монет*",
}

-- Before the number of a price that a player names.
phrases.bids = {
	"pay", "pay you", "give you", "give", "offer", "offer you", "for", "at", "how about", "what about", "say", "take",
	"accept", "price is", "only", "zahle", "zahle dir", "gebe dir", "gebe", "biete", "biete dir", "für", "sagen wir",
	"wie wäre es mit", "nimm", "paie", "paye", "donne", "te donne", "t en donne", "t offre", "offre", "pour", "disons",
	"pago", "te pago", "doy", "te doy", "ofrezco", "te ofrezco", "por", "digamos", "qué tal", "заплачу",
	"плачу", "дам", "даю", "предлагаю", "за", "скажем", "возьми",
}

-- They ask for the price, so no number in the sentence is one.
phrases.how_much = {
	"how much", "wie viel", "wieviel", "was kostet", "was kosten", "combien", "cuánto", "cuanto", "сколько",
	"почём",
}

-- The number is of one piece; else of all that were named.
phrases.for_each = {
	"each", "apiece", "a piece", "per piece", "for one", "je stück", "pro stück", "das stück", "jeweils", "jedes",
	"chacun", "chacune", "la pièce", "l unité", "cada uno", "cada una", "por pieza", "por unidad", "за штуку",
	"каждый", "каждую", "каждое", "за каждый", "за одну", "за один", "штука",
}

-- Beginnings of words in a row (folded, see think/claims.lua; a blank at the end: whole words) ------------------------------

-- The player asks for work: an NPC that has some offers it, whatever the model makes of the words.
phrases.asks_for_work = {
	"work for me", "work for us", "any work ", "some work ", "have work ", "got work ", "work to do", "looking for work",
	"a job ", "any job", "job for", "jobs ", "quest ", "quests ", "a mission", "any mission", "missions ", "an errand",
	"any errand", "errands ", "a task", "any task", "tasks ", "something to do", "anything to do", "something i can do",
	"anything i can do", "what can i do for", "what should i do", "can i help ", "could i help ", "may i help ",
	"can i help you", "can i be of", "how can i help", "do you need help", "need a hand", "you need anything",
	"you need something", "what do you need", "anything you need", "something you need", "can i do something for",
	"can i do anything for", "hire me", "can i earn", "earn some", "earn a few", "earn money", "earn coins",
	"make some coin", "make some money", "hast du arbeit", "habt ihr arbeit", "gibt es arbeit", "arbeit für",
	"suche arbeit", "hast du etwas zu tun", "gibt es etwas zu tun", "etwas zu tun", "was zu tun", "eine aufgabe",
	"aufgaben ", "einen auftrag", "auftrag für", "aufträge", "kann ich helfen", "kann ich dir helfen",
	"kann ich euch helfen", "kann ich ihnen helfen", "brauchst du etwas", "brauchst du hilfe", "brauchst du was",
	"was brauchst du", "braucht ihr etwas", "braucht ihr hilfe", "was kann ich für", "kann ich etwas für",
	"etwas verdienen", "was verdienen", "münzen verdienen", "einen job", "du travail ", "as-tu du travail",
	"un travail pour", "travail pour", "une quête", "quêtes ", "une mission", "un boulot", "du boulot", "une tâche",
	"puis-je aider", "puis-je t'aider", "puis-je vous aider", "je peux t'aider", "je peux vous aider", "as-tu besoin d",
	"avez-vous besoin d", "tu as besoin d", "vous avez besoin d", "de quoi as-tu besoin", "gagner des pièces",
	"gagner de l'argent", "gagner quelques", "que puis-je faire", "quelque chose à faire", "tienes trabajo", "hay trabajo",
	"algún trabajo", "busco trabajo", "trabajo para", "una misión", "misiones ", "una tarea", "un encargo", "encargos ",
	"puedo ayudar", "en qué puedo", "necesitas algo", "necesitas ayuda", "qué necesitas", "necesita algo",
	"necesita ayuda", "ganar monedas", "ganar dinero", "ganar algo", "algo que hacer", "qué puedo hacer",
	"работа для", "работы для", "есть работа", "есть ли работа",
	"нет ли работы", "ищу работу", "дай работу", "нужна работа", "задание",
	"задания", "поручение", "поручения", "квест", "могу помочь",
	"чем помочь", "чем я могу", "помочь тебе", "помочь вам", "нужна помощь",
	"что тебе нужно", "что вам нужно", "тебе что-нибудь нужно",
	"заработать", "что мне сделать", "дело для меня",
}

-- The same where little else is said: "Work?", "Arbeit?".
phrases.only_work = {
	"work ", "job ", "jobs ", "quest ", "quests ", "mission ", "task ", "arbeit ", "aufgabe ", "auftrag ", "travail ",
	"quête ", "trabajo ", "misión ", "работа ", "работу ", "задание ", "квест ",
}

-- Praise, though it has a word for work in it: it asks for none.
phrases.praises_work = {
	"good job", "nice job", "great job", "fine job", "good work", "nice work", "great work", "fine work", "gute arbeit",
	"schöne arbeit", "tolle arbeit", "bon travail", "beau travail", "buen trabajo", "gran trabajo", "хорошая работа",
	"отличная работа", "славная работа",
}

-- It has to do with work at all: a model may take it for a wish for some.
phrases.speaks_of_work = {
	"work ", "job", "task", "errand", "mission", "quest ", "quests ", "bored", "help", "hire", "earn", "fetch", "bring",
	"favour", "favor", "adventure", "chore", "deliver", "useful", "to do ", "do for you", "reward", "hands ", "arbeit",
	"aufgabe", "auftrag", "langweil", "helfen", "hilfe", "lohn", "verdien", "abenteuer", "nützlich", "tun kann", "brauch",
	"travail", "aide", "utile", "ennui", "aventure", "récompense", "quête", "besoin", "trabaj", "ayud", "aburr",
	"aventura", "recompensa", "útil", "necesit", "misión", "tarea", "работ", "помо", "помощ",
	"скучно", "приключен", "полез", "наград", "задан", "нужн",
}

-- They ask again what was agreed, or how far it is.
phrases.asks_about_quest = {
	"what was it", "what did you need", "what did you want", "what do you want me", "what do you need", "how many did you",
	"how many do you need", "how many more", "how much is left", "what is left", "what's left", "is missing",
	"still missing", "remind me", "what was i ", "what did i promise", "what do i get", "am i done", "how far am i",
	"how much do i get", "how much will i get", "how much money do i", "how much money will i", "how many coins do i",
	"how many coins will i", "what will i get", "what would i get", "how much would i get", "what's in it for me",
	"what is the reward", "what's the reward", "what is the pay", "what's the pay", "was war es", "was wolltest du",
	"was brauchst du", "wie viele brauchst", "wie viele fehlen", "was fehlt", "fehlt noch", "was bekomme ich",
	"wie viel bekomme ich", "wie viele münzen bekomme ich", "was kriege ich", "wie viel kriege ich", "was ist der lohn",
	"wie hoch ist der lohn", "erinnere mich", "c'était quoi", "qu'est-ce que tu veux", "que voulais-tu", "combien en",
	"combien t'en", "que manque", "qu'est-ce qui manque", "rappelle-moi", "combien je gagne", "combien vais-je gagner",
	"qu'est-ce que je gagne", "quelle est la récompense", "qué era", "qué querías", "cuántos necesitas",
	"cuántas necesitas", "cuántos faltan", "cuántas faltan", "qué falta", "recuérdame", "cuánto gano", "qué gano",
	"cuánto me das por", "cuál es la recompensa", "cuántas monedas recibo", "что это было",
	"что ты хотел", "сколько ещё", "сколько еще", "сколько надо",
	"сколько нужно", "чего не хватает", "напомни", "сколько я получу",
	"что я получу", "какая награда", "сколько монет я",
}

-- The player hands something over: "here are your torches", beside what was asked for.
phrases.hands_over = {
	"here is", "here are", "here's", "here you", "i have ", "i've got", "i got ", "i brought", "take ", "hier ist",
	"hier sind", "hier hast", "da ist ", "da sind ", "ich hab", "hab dein", "habe dein", "nimm", "voici", "voilà", "tiens",
	"tenez", "j'ai ", "prends", "prenez", "je t'apporte", "je vous apporte", "aquí ", "ten ", "toma", "tengo", "traje",
	"te traigo", "he traído", "вот ", "держи", "возьми", "я принёс", "я принес", "принёс", "принес", "у меня",
}

-- The same, beside how many or "it": "I got one", "two are down".
phrases.has_got = {
	"i got ", "got ", "i have ", "i've got", "i killed", "killed ", "i slew", "down ", "dead ", "ich habe ", "hab ", "erlegt",
	"besiegt", "getötet", "erledigt", "j'ai ", "j'en ai ", "tué", "vaincu", "tengo ", "he matado", "maté ", "vencí", "убил",
	"есть ", "у меня", "победил",
}
phrases.some_of_it = {
	"one ", "some ", "half ", "it ", "them ", "eins ", "einen ", "eine ", "eines ", "hälfte ", "es ", "sie ", "ihn ", "un ",
	"une ", "la moitié ", "uno ", "una ", "la mitad ", "один ", "одного ", "одну ", "половин",
}

-- By language, as text.spaced makes them: a line that begins so, and goes on with a name at most, is a hello.
phrases.hello = {
	en = {"hello", "hi", "hey", "hiya", "good morning", "good day", "good afternoon", "good evening", "greetings"},
	de = {
		"hallo", "guten morgen", "guten tag", "guten abend", "moin", "servus", "grüß dich", "gruess dich", "grüß gott",
		"sei gegrüßt",
	},
	fr = {"bonjour", "bonsoir", "salut", "coucou"},
	es = {"hola", "buenos días", "buenos dias", "buenas tardes", "buenas noches", "buenas", "saludos"},
	ru = {
		"привет", "здравствуй", "здравствуйте", "добрый день", "добрый вечер", "доброе утро", "приветствую",
	},
}

-- Lua patterns (text.matches_any) ----------------------------------------------------------------------------------------

-- No gift, whatever else is said: a no, a question, a condition.
phrases.no_gift = {
	"%f[%w]not%f[%W]", "n't%f[%W]", "%f[%w]never%f[%W]", "%f[%w]no%f[%W]", "%f[%w]me%f[%W]", "%f[%w][cm]a[ny] i%f[%W]",
	"%f[%w]could i%f[%W]", "%f[%w]shall i%f[%W]", "%f[%w]if%f[%W]", "%f[%w]do you%f[%W]", "%f[%w]would%f[%W]",
	"%f[%w]will you%f[%W]",
	"%f[%w]nicht%f[%W]", "%f[%w]kein", "%f[%w]nie%f[%W]", "%f[%w]wenn%f[%W]", "%f[%w]nunca%f[%W]", "%f[%w]si%f[%W]",
	"%f[%w]pas%f[%W]", "%f[%w]jamais%f[%W]", "не ", "Не ", "икогда", "сли ", -- some without a first letter of either case
}

-- A gift, however the thing is called.
phrases.gift = {
	"%f[%w]take this%f[%W]", "%f[%w]take these%f[%W]", "%f[%w]take them%f[%W]", "%f[%w]take it%f[%W]", "%f[%w]take that%f[%W]",
	"%f[%w]take my%f[%W]", "%f[%w]take one%f[%W]", "%f[%w]keep it%f[%W]", "%f[%w]keep them%f[%W]", "%f[%w]have this%f[%W]",
	"%f[%w]have these%f[%W]", "%f[%w]here you are", "%f[%w]here you go", "%f[%w]i give you%f[%W]", "i'll give you",
	"i will give you", "this is for you", "these are for you", "it's for you", "it is for you", "is a gift", "is a present",
	"nimm das", "nimm dies", "nimm es", "nimm sie", "nimm ihn", "nimm mein", "hier hast du", "ist für dich", "sind für dich",
	"ich gebe dir", "gebe ich dir", "ich schenke dir", "schenke ich dir",
	"toma esto", "toma est[ae]", "tómal[oa]", "tomal[oa]", "aquí tienes", "es para ti", "son para ti", "te doy", "te regalo",
	"prends ce", "prends ça", "prends%-l", "prenez ce", "prenez ça", "prenez%-l", "est pour toi", "sont pour toi",
	"est pour vous", "sont pour vous", "je te donne", "je vous donne", "je t'offre", "je vous offre",
	"озьми", "ержи", "то тебе", "то вам", "арю тебе", "арю вам", "тдаю тебе", "тдаю вам",
}

-- A gift where the thing is named too.
phrases.gift_of_named = {
	"%f[%w]take%f[%W]", "for you%f[%W]", "%f[%w]here is%f[%W]", "%f[%w]here are%f[%W]", "%f[%w]here's%f[%W]",
	"you can have", "you may have", "please have", "brought you", "%f[%w]a gift", "%f[%w]a present",
}

-- Number words → number --------------------------------------------------------------------------------------------------

-- The first of them in a sentence says how many.
phrases.numbers = {
	one = 1, an = 1, a = 1, two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8, nine = 9, ten = 10,
	eleven = 11, twelve = 12,
	zwei = 2, drei = 3, vier = 4, ["fünf"] = 5, sechs = 6, sieben = 7, acht = 8, neun = 9, zehn = 10,
	deux = 2, trois = 3, quatre = 4, cinq = 5, huit = 8, dix = 10,
	dos = 2, tres = 3, cuatro = 4, cinco = 5, seis = 6, siete = 7, ocho = 8, nueve = 9, diez = 10,
	["два"] = 2, ["две"] = 2, ["три"] = 3, ["четыре"] = 4, ["пять"] = 5, ["шесть"] = 6, ["семь"] = 7, ["восемь"] = 8, ["девять"] = 9,
	["десять"] = 10,
}

return phrases
