-- How players ask for what the game itself knows: where something is, the hour, the weather, who is near, what is for sale, the
-- news; in the languages that the mod speaks. Data only, with one function that finds which is asked (questions.asked).
-- A phrase counts as whole words, whatever the case and the marks. What is said without asking is not here: "lovely weather".
-- A new language: add its phrases to every list here, and to phrases.lua.

local text = ...

local questions = {}

-- The first kind that fits counts: "where are we" is no question for the way.
local KINDS = {"here", "time", "weather", "near", "news", "goods", "price", "way"}

local PHRASES = {
	here = {
		en = {
			"where am i", "where are we", "what is this place", "what's this place", "what place is this",
			"name of this place", "this place called", "village called", "town called", "what village is this",
			"what town is this",
		},
		de = {
			"wo bin ich", "wo sind wir", "was ist das für ein ort", "was für ein ort ist das", "wie heißt dieser ort",
			"wie heißt der ort", "wie heißt dieses dorf", "wie heißt das dorf", "wie heißt es hier",
			"welcher ort ist das",
		},
		fr = {
			"où suis-je", "où sommes-nous", "où est-on", "quel est cet endroit", "c'est quoi cet endroit",
			"quel est ce lieu", "comment s'appelle cet endroit", "comment s'appelle ce village", "quel est ce village",
		},
		es = {
			"dónde estoy", "donde estoy", "dónde estamos", "donde estamos", "qué lugar es este", "que lugar es este",
			"cómo se llama este lugar", "como se llama este lugar", "cómo se llama este pueblo", "qué pueblo es este",
		},
		ru = {
			"где я", "где мы", "что это за место", "как называется это место",
			"как называется эта деревня", "что это за деревня",
		},
	},
	time = {
		en = {
			"what time is it", "what time it is", "what's the time", "whats the time", "what is the time",
			"what hour is it", "what hour it is", "how late is it", "what time of day", "tell me the time", "have the time",
			"got the time", "is it late", "is it noon", "is it morning", "is it evening", "is it night", "is it midnight",
		},
		de = {
			"wie spät", "wie spaet", "wieviel uhr", "wie viel uhr", "welche tageszeit", "welche stunde", "was sagt die uhr",
			"ist es schon spät", "ist es schon abend", "ist es schon mittag", "ist es nacht",
		},
		fr = {
			"quelle heure", "l'heure qu'il est", "est-il tard", "il est tard", "est-ce le soir", "est-ce le matin",
			"est-il midi",
		},
		es = {"qué hora", "que hora", "qué horas", "es tarde ya", "ya es tarde", "es de noche", "es mediodía"},
		ru = {
			"который час", "который сейчас час", "который теперь час",
			"сколько времени", "сколько сейчас времени", "какой час",
			"сколько время", "какое сейчас время", "какое время суток",
			"уже поздно",
		},
	},
	weather = {
		en = {
			"how is the weather", "how's the weather", "what's the weather", "what is the weather", "whats the weather",
			"weather like", "how is the sky", "is it raining", "is it snowing", "does it rain", "does it snow",
			"is there a storm", "is it foggy",
		},
		de = {
			"wie ist das wetter", "wie wird das wetter", "was macht das wetter", "was für ein wetter", "regnet es",
			"schneit es", "stürmt es", "wie sieht das wetter",
		},
		fr = {
			"quel temps fait", "quel temps il fait", "quel est le temps", "comment est le temps", "pleut-il", "il pleut",
			"est-ce qu'il pleut", "neige-t-il",
		},
		es = {
			"qué tiempo hace", "que tiempo hace", "cómo está el tiempo", "como esta el tiempo", "qué clima",
			"cómo está el clima", "está lloviendo", "llueve", "está nevando", "nieva",
		},
		ru = {
			"какая погода", "какая сейчас погода", "как погода",
			"что с погодой", "идёт ли дождь", "идет ли дождь", "идёт дождь",
			"идет дождь",
		},
	},
	near = {
		en = {
			"who is here", "who's here", "whos here", "who is near", "who's near", "who is nearby", "who's nearby",
			"who is around", "who's around", "who else is", "who is there", "who's there", "who is with you",
			"who is with us", "who is standing", "who stands", "who do you see", "who can you see", "anyone else here",
			"anybody else here", "anyone around", "anybody around", "anyone near", "anybody near", "anyone nearby",
			"anybody nearby", "are you alone", "are we alone",
		},
		de = {
			"wer ist hier", "wer ist noch hier", "wer ist alles hier", "wer ist in der nähe", "wer ist da", "wer steht",
			"wer ist bei dir", "wen siehst du", "ist noch jemand hier", "ist jemand hier", "ist jemand in der nähe",
			"bist du allein", "sind wir allein",
		},
		fr = {
			"qui est ici", "qui est là", "qui est près", "qui est dans les parages", "qui se trouve", "qui d'autre",
			"qui vois-tu", "qui voyez-vous", "y a-t-il quelqu'un", "qui est avec toi", "es-tu seul", "es-tu seule",
		},
		es = {
			"quién está aquí", "quien esta aqui", "quién está cerca", "quien esta cerca", "quién anda", "quién más",
			"quien mas", "quién hay", "quien hay", "hay alguien", "a quién ves", "a quien ves", "estás solo",
			"estás sola", "quién está contigo",
		},
		ru = {
			"кто здесь", "кто тут", "кто рядом", "кто поблизости",
			"кто ещё здесь", "кто еще здесь", "кто ещё тут", "есть тут кто",
			"есть здесь кто", "кого ты видишь", "кто с тобой", "кто стоит",
			"ты один", "ты одна",
		},
	},
	news = {
		en = {
			"any news", "what's new", "what is new", "whats new", "what news", "the news", "any gossip", "the gossip",
			"heard anything", "what happened", "what has happened", "anything happen", "anything happened", "anything new",
			"any rumours", "any rumors", "what do people say", "what are people saying",
		},
		de = {
			"gibt's neues", "gibt es neues", "was gibt es neues", "was gibt's neues", "neuigkeiten", "was ist passiert",
			"was ist geschehen", "was gehört", "etwas gehört", "gerüchte", "was erzählt man", "was sagt man",
		},
		fr = {
			"du nouveau", "quoi de neuf", "quoi de nouveau", "des nouvelles", "quelles nouvelles", "que s'est-il passé",
			"qu'est-ce qui s'est passé", "des rumeurs", "que raconte-t-on", "que dit-on",
		},
		es = {
			"hay novedades", "alguna novedad", "novedades", "qué hay de nuevo", "que hay de nuevo", "alguna noticia",
			"qué noticias", "qué ha pasado", "que ha pasado", "qué pasó", "que paso", "rumores", "qué se cuenta",
			"qué se dice",
		},
		ru = {
			"новости", "что нового", "что случилось", "что произошло", "слухи",
			"что слышно", "о чём говорят",
		},
	},
	goods = {
		en = {
			"what do you sell", "what are you selling", "what you sell", "what do you have for sale",
			"what have you for sale", "what have you got", "what do you have to sell", "what can i buy", "what is for sale",
			"what's for sale", "anything for sale", "anything to sell", "your wares", "your goods", "in stock",
			"what do you offer", "do you sell anything",
		},
		de = {
			"was verkaufst du", "was verkaufen sie", "was verkauft ihr", "was kann ich kaufen", "was hast du zu verkaufen",
			"was hast du anzubieten", "was bietest du", "deine waren", "was gibt es zu kaufen",
		},
		fr = {
			"que vends-tu", "que vendez-vous", "tu vends quoi", "qu'est-ce que tu vends", "qu'est-ce que vous vendez",
			"qu'as-tu à vendre", "qu'avez-vous à vendre", "que puis-je acheter", "tes marchandises", "vos marchandises",
		},
		es = {
			"qué vendes", "que vendes", "qué vende", "qué tienes a la venta", "qué tienes para vender",
			"que tienes para vender", "qué puedo comprar", "que puedo comprar", "tus mercancías", "qué ofreces",
		},
		ru = {
			"что продаёшь", "что продаешь", "что ты продаёшь",
			"что ты продаешь", "чем торгуешь", "что у тебя есть на продажу",
			"что можно купить", "твой товар", "твои товары",
		},
	},
	price = {
		en = {
			"how much", "what is the price", "what's the price", "price of", "price for", "the cost of", "costs", "cost",
		},
		de = {
			"wie viel kostet", "wieviel kostet", "wie viel kosten", "was kostet", "was kosten", "wie teuer", "der preis",
			"welcher preis",
		},
		fr = {
			"combien coûte", "combien coûtent", "combien pour", "combien vaut", "quel est le prix", "à quel prix",
			"quel prix", "combien",
		},
		es = {
			"cuánto cuesta", "cuanto cuesta", "cuánto cuestan", "cuanto cuestan", "cuánto vale", "cuanto vale",
			"qué precio", "cuál es el precio", "a cuánto",
		},
		ru = {
			"сколько стоит", "сколько стоят", "почём", "почем", "какая цена",
			"какова цена", "за сколько",
		},
	},
	way = {
		en = {
			"where is", "where's", "wheres", "where are", "where do i find", "where can i find", "where to find",
			"where does", "how do i get to", "how can i get to", "how to get to", "how do i reach", "which way", "way to",
			"how far", "which direction", "what direction", "do you know where", "where might", "where would i find",
			"tell me where",
		},
		de = {
			"wo ist", "wo sind", "wo finde ich", "wo liegt", "wo steht", "wo geht es", "wo geht's", "wie komme ich",
			"wie weit", "welcher weg", "der weg zu", "der weg zum", "der weg zur", "den weg zu", "den weg zum",
			"den weg zur", "welche richtung", "in welcher richtung",
		},
		fr = {
			"où est", "où sont", "où se trouve", "où trouver", "où puis-je trouver", "ou est", "comment aller",
			"comment va-t-on", "comment je vais", "par où", "quel chemin", "le chemin", "à quelle distance", "c'est loin",
			"dans quelle direction",
		},
		es = {
			"dónde está", "donde esta", "dónde están", "dónde queda", "donde queda", "dónde encuentro",
			"dónde puedo encontrar", "cómo llego", "como llego", "cómo voy", "cómo se llega", "por dónde", "por donde",
			"qué camino", "el camino a", "a qué distancia", "en qué dirección",
		},
		ru = {
			"где", "как пройти", "как дойти", "как попасть", "как добраться",
			"куда идти", "далеко ли", "как далеко", "в какой стороне",
			"в какую сторону", "дорога к", "дорогу к", "дорога до", "дорогу до",
		},
	},
}

-- Beginnings of words that show that a line tells the weather rightly, by what the game calls it.
questions.weather_words = {
	rain = {"rain*", "regn*", "regen*", "pleu*", "pluie*", "lluev*", "lluvia*", "lloviendo*", "дожд*"},
	snow = {"snow*", "schnei*", "schnee*", "neig*", "nev*", "nieva*", "снег*", "снежн*"},
	storm = {"storm*", "sturm*", "stürm*", "gewitter*", "tempête*", "orage*", "tormenta*", "бур*", "гроз*"},
	fog = {"fog*", "mist*", "nebel*", "neblig*", "brouillard*", "brume*", "niebla*", "туман*"},
	wind = {"wind*", "vent", "viento*", "ветер*", "ветр*"},
	clear = {"clear*", "sunny", "fine", "blue", "klar*", "sonnig*", "clair*", "dégagé*", "despejad*", "ясн*"},
}

-- kind → list of {" phrase ", language}: without accents, for many type none, and with umlauts written out
local spaced = {}

for kind, by_language in pairs(PHRASES) do
	spaced[kind] = {}
	for language, phrases in pairs(by_language) do
		for _, phrase in ipairs(phrases) do
			local words = text.spaced(phrase)
			local written_out = text.umlauts_written_out(words)
			table.insert(spaced[kind], {text.without_accents(words), language})
			if written_out ~= words then table.insert(spaced[kind], {text.without_accents(written_out), language}) end
		end
	end
	-- the longest first, so that the language is that of the phrase that says most
	table.sort(spaced[kind], function(a, b)
		if #a[1] ~= #b[1] then return #a[1] > #b[1] end
		return a[1] .. a[2] < b[1] .. b[2]
	end)
end

-- What is asked for, and the language of the question; nil where it is nothing that the game knows.
questions.asked = text.remembering(function(sentence)
	sentence = text.without_accents(text.spaced(sentence))
	for _, kind in ipairs(KINDS) do
		for _, phrase in ipairs(spaced[kind]) do
			if sentence:find(phrase[1], 1, true) then return kind, phrase[2] end
		end
	end
	return nil
end)

return questions
