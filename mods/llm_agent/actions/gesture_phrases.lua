-- How players ask for a gesture, in the languages of the mod: data only, small letters without accents, as calling/names.lua
-- reads words. gesture_words.lua says what is done with them. A new language: add it to every list.

local phrases = {}

-- A line is a gesture where it is one of these as a whole.
phrases.kinds = {
	wave = {
		en = {"wave", "wave to me", "wave at me", "wave to us", "wave your hand", "give me a wave"},
		de = {"wink", "winke", "wink mir", "winke mir", "wink mir zu", "wink mal", "wink uns zu"},
		fr = {"fais signe", "fais moi signe", "salue", "salue moi", "salue nous"},
		es = {"saluda", "saludame", "saludanos", "haz senas"},
		ru = {"помаши", "помаши мне", "помаши нам", "помаши рукой"},
	},
	nod = {
		en = {"nod", "nod your head", "give me a nod", "say yes with your head"},
		de = {"nick", "nicke", "nick mal", "nick mit dem kopf", "nicke mit dem kopf"},
		fr = {"hoche la tete", "fais oui de la tete", "dis oui de la tete"},
		es = {"asiente", "asiente con la cabeza", "di si con la cabeza"},
		ru = {"кивни", "кивни головой"},
	},
	shake = {
		en = {"shake your head", "shake the head", "say no with your head"},
		de = {"schuttel den kopf", "schuttle den kopf", "schuttel deinen kopf", "schuttle deinen kopf"},
		fr = {"secoue la tete", "fais non de la tete", "dis non de la tete"},
		es = {"sacude la cabeza", "niega con la cabeza", "di no con la cabeza", "mueve la cabeza"},
		ru = {"покачай головой", "помотай головой", "потряси головой"},
	},
	beckon = {
		en = {"beckon", "beckon me", "beckon to me", "beckon me over", "wave me over", "call me over", "wave us over"},
		de = {"wink mich her", "winke mich her", "wink mich heran", "winke mich heran", "wink mich zu dir", "winke mich zu dir"},
		fr = {"fais moi signe de venir", "fais signe de venir", "fais moi signe d approcher"},
		es = {"llamame con la mano", "hazme senas para que vaya", "hazme senas de que vaya"},
		ru = {"помани", "помани меня", "позови меня рукой", "помани рукой"},
	},
	bow = {
		en = {"bow", "bow to me", "bow before me", "bow down", "bow down before me", "take a bow", "bow to us"},
		de = {"verbeug dich", "verbeuge dich", "verbeug dich vor mir", "verbeuge dich vor mir", "verneige dich", "verneig dich"},
		fr = {"incline toi", "incline toi devant moi", "fais la reverence", "fais une reverence"},
		es = {"inclinate", "inclinate ante mi", "haz una reverencia", "hazme una reverencia"},
		ru = {"поклонись", "поклонись мне", "склонись", "склонись передо мной"},
	},
	shrug = {
		en = {"shrug", "shrug your shoulders", "give me a shrug"},
		de = {"zuck mit den schultern", "zucke mit den schultern", "zuck die schultern", "zuck mit den achseln"},
		fr = {"hausse les epaules"},
		es = {"encogete de hombros"},
		ru = {"пожми плечами"},
	},
	think = {
		en = {"think", "think about it", "think about that", "think it over", "think hard", "scratch your head"},
		de = {
			"denk nach", "denke nach", "denk mal nach", "denk daruber nach", "denke daruber nach", "uberleg mal",
			"kratz dich am kopf",
		},
		fr = {"reflechis", "reflechis y", "reflechis bien", "penses y", "gratte toi la tete"},
		es = {"piensa", "piensalo", "piensalo bien", "rascate la cabeza"},
		ru = {"подумай", "подумай об этом", "подумай хорошенько", "почеши голову", "почеши затылок"},
	},
	count = {
		en = {"count", "count for me", "count on your fingers"},
		de = {"zahl", "zahle", "zahl mal", "zahl fur mich"},
		fr = {"compte", "compte pour moi", "compte sur tes doigts"},
		es = {"cuenta", "cuenta con los dedos"},
		ru = {"считай", "посчитай", "сосчитай"},
	},
	laugh = {
		en = {"laugh", "laugh for me", "give me a laugh", "let me hear you laugh"},
		de = {"lach", "lache", "lach mal", "lach fur mich"},
		fr = {"ris", "rigole", "ris pour moi"},
		es = {"rie", "riete", "rie para mi"},
		ru = {"смейся", "засмейся", "посмейся"},
	},
	cry = {
		en = {"cry", "cry for me", "weep"},
		de = {"wein", "weine", "wein mal"},
		fr = {"pleure", "pleure pour moi"},
		es = {"llora"},
		ru = {"плачь", "заплачь", "поплачь"},
	},
	dance = {
		en = {"dance", "dance for me", "dance for us", "dance with me", "do a dance", "do a little dance"},
		de = {"tanz", "tanze", "tanz mal", "tanz fur mich", "tanz fur uns", "tanz mit mir"},
		fr = {"danse", "danse pour moi", "danse pour nous", "danse avec moi"},
		es = {"baila", "baila para mi", "baila conmigo", "baila para nosotros"},
		ru = {"танцуй", "станцуй", "потанцуй", "потанцуй со мной", "станцуй для меня"},
	},
	point = {
		en = {"point", "point there", "point over there", "point your finger", "point at me"},
		de = {"zeig mit dem finger", "zeige mit dem finger", "deute dorthin"},
		fr = {"montre du doigt", "pointe du doigt"},
		es = {"senala", "senala con el dedo"},
		ru = {"укажи", "покажи пальцем", "укажи пальцем"},
	},
}

-- Before a name: whom or what it points at.
phrases.point_at = {
	en = {"point at", "point to", "point towards", "point your finger at", "show me with your finger"},
	de = {"zeig auf", "zeige auf", "deute auf", "zeig mit dem finger auf", "zeige mit dem finger auf"},
	fr = {"montre du doigt", "pointe du doigt", "montre moi du doigt"},
	es = {"senala a", "senala", "apunta a", "senala hacia"},
	ru = {"укажи на", "покажи на", "покажи пальцем на", "укажи пальцем на"},
}

-- Before a number: how far it counts.
phrases.count_to = {
	en = {"count to", "count up to", "count from one to", "count to me to"},
	de = {"zahl bis", "zahle bis", "zahl mal bis"},
	fr = {"compte jusqu a"},
	es = {"cuenta hasta"},
	ru = {"посчитай до", "считай до", "сосчитай до", "досчитай до"},
}

phrases.numbers = {
	en = {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"},
	de = {"eins", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn"},
	fr = {"un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"},
	es = {"uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"},
	ru = {"одного", "двух", "трех", "четырех", "пяти", "шести", "семи", "восьми", "девяти", "десяти"},
}

return phrases
