-- How players send an NPC somewhere, in the languages of the mod: data only, small letters without accents, as calling/names.lua
-- reads words. What is done with them stands in order_words.lua: a line is an order only where it is one of these as a whole.
-- A new language: add it to every list.

local phrases = {}

-- Before and after an order they change nothing.
phrases.beside = {
	en = "please now then hey ok okay and so just you well alright quickly at once right away for a while a moment",
	de = "bitte jetzt dann mal doch hey he hallo los und du ihr schnell sofort kurz gleich einfach also ok nun einen moment",
	fr = "s il te plait vous maintenant vite allez alors et donc tu bonjour tout de suite un moment un instant ok",
	es = "por favor ahora ya rapido venga vamos pues y tu oye hola un momento ok",
	ru = "пожалуйста сейчас теперь давай давайте а ну и же быстро скорее ты привет слушай немного ка минутку",
}

phrases.follow_me = {
	en = {
		"follow me", "come with me", "come along", "come along with me", "walk with me", "come and follow me",
		"come follow me",
		"go with me", "stay with me", "stick with me", "stay close to me", "keep up with me", "come on follow me",
	},
	de = {
		"komm mit", "komm mal mit", "komm mit mir", "kommt mit", "kommt mit mir", "folg mir", "folge mir", "folgt mir", "geh mit mir",
		"lauf mit mir",
		"lauf mir nach", "komm mir nach", "begleite mich", "begleitet mich", "bleib bei mir", "kommst du mit", "kommst mit",
		"komm hinter mir her", "komm mit uns", "folge uns", "folg uns", "geh mit", "komm bitte mit", "komm doch mit",
		"komm jetzt mit",
	},
	fr = {
		"suis moi", "suivez moi", "viens avec moi", "venez avec moi", "accompagne moi", "accompagnez moi", "suis nous",
		"viens avec nous",
		"marche avec moi", "reste avec moi", "reste pres de moi", "tu viens avec moi", "suis moi par ici",
	},
	es = {
		"ven conmigo", "venga conmigo", "venid conmigo", "sigueme", "sigame", "seguidme", "acompaname", "acompaneme",
		"siguenos",
		"ven con nosotros", "camina conmigo", "anda conmigo", "quedate conmigo", "vente conmigo", "vente", "vienes conmigo",
	},
	ru = {
		"иди за мной", "идите за мной", "следуй за мной", "следуйте за мной", "пойдем со мной", "пошли со мной",
		"идем со мной",
		"иди со мной", "пойдемте со мной", "ступай за мной", "за мной", "пошли за мной", "иди следом за мной",
		"держись рядом со мной",
		"проводи меня", "пошли", "пойдем", "идем", "иди следом",
	},
}

phrases.come_here = {
	en = {"come here", "come over here", "come to me", "get over here", "come over", "come closer", "come over to me"},
	de = {
		"komm her", "komm hierher", "komm zu mir", "komm hier her", "kommt her", "komm naher", "komm ruber",
		"komm heruber", "her zu mir",
		"komm mal her", "komm bitte her", "komm doch her", "komm mal zu mir",
	},
	fr = {
		"viens ici", "venez ici", "viens", "viens la", "viens vers moi", "approche", "approche toi", "approchez",
		"viens par ici", "viens a moi",
	},
	es = {
		"ven aqui", "ven aca", "ven", "venid aqui", "venga aqui", "acercate", "acerquese", "ven hacia mi", "ven a mi",
		"ven para aca",
		"ven hasta aqui",
	},
	ru = {
		"иди сюда", "идите сюда", "подойди", "подойди сюда", "подойди ко мне", "иди ко мне", "сюда", "подойдите",
		"поди сюда", "ко мне",
	},
}

phrases.stay = {
	en = {
		"stay", "stay here", "wait", "wait here", "stay there", "wait there", "stay put", "wait for me",
		"wait for me here", "wait here for me", "stay where you are", "do not move", "don t move", "dont move",
		"stand still", "hold still", "stand here", "stop and wait", "stop here", "remain here",
		"stop following me and wait", "stop following me and stay here", "stop following and wait",
		"stop following and stay here", "stop following me and wait here", "stay here and wait",
		"stay here and wait for me",
	},
	de = {
		"warte", "warte hier", "wartet hier", "warte da", "warte dort", "warte auf mich", "warte hier auf mich",
		"bleib hier", "bleibt hier", "bleib da", "bleib dort", "bleib stehen", "bleib", "bleib wo du bist", "halt",
		"halt an", "ruhr dich nicht", "geh nicht weg", "bleib hier stehen", "bleib hier und warte", "warte mal hier",
		"bleib mal hier", "bleib bitte hier", "warte bitte hier", "steh still", "bleib zuruck",
	},
	fr = {
		"attends", "attends ici", "attendez ici", "attends moi", "attends moi ici", "attendez moi", "reste ici",
		"restez ici", "reste la", "restez la", "attends la", "ne bouge pas", "ne bougez pas", "bouge pas",
		"reste ou tu es", "arrete toi", "arrete toi ici", "halte", "reste ici et attends", "attends moi la",
		"reste en arriere",
	},
	es = {
		"espera", "espera aqui", "esperad aqui", "espere aqui", "esperame", "esperame aqui", "espereme aqui",
		"espera ahi", "quedate aqui", "quedate ahi", "quedate", "quedese aqui", "no te muevas", "no se mueva",
		"quedate donde estas", "detente", "detente aqui", "quieto", "quieta", "aguarda", "aguarda aqui",
		"quedate quieto", "quedate quieta", "quedate aqui y espera",
	},
	ru = {
		"жди", "жди здесь", "жди тут", "ждите здесь", "подожди", "подожди здесь", "подожди тут", "подожди меня",
		"подожди меня здесь", "жди меня", "жди меня здесь", "жди меня тут", "стой", "стой здесь", "стой тут",
		"стой на месте", "оставайся здесь", "оставайся тут", "оставайся", "останься здесь", "останься тут",
		"останься", "побудь здесь", "стой где стоишь", "не двигайся", "никуда не уходи", "не уходи", "будь здесь",
	},
}

-- It stays, if it follows somebody; else there is nothing to stop.
phrases.stop_following_me = {
	en = {
		"stop following me", "stop following", "do not follow me", "don t follow me", "dont follow me",
		"no longer follow me",
	},
	de = {
		"folge mir nicht", "folg mir nicht", "folge mir nicht mehr", "folg mir nicht mehr", "hor auf mir zu folgen",
		"komm nicht mit", "lauf mir nicht nach", "lauf mir nicht mehr nach", "nicht mehr folgen",
	},
	fr = {
		"arrete de me suivre", "ne me suis plus", "ne me suis pas", "arretez de me suivre", "ne me suivez plus",
		"cesse de me suivre", "me suis plus",
	},
	es = {
		"deja de seguirme", "no me sigas", "no me sigas mas", "ya no me sigas", "para de seguirme",
		"deje de seguirme",
	},
	ru = {
		"не ходи за мной", "не иди за мной", "хватит ходить за мной", "перестань ходить за мной",
		"перестань идти за мной", "больше не ходи за мной", "не следуй за мной",
	},
}

-- It stays, if it follows somebody or goes somewhere.
phrases.halt = {
	en = {"stop", "stop it", "stop that", "stop there"}, de = {"stop", "stopp", "hor auf", "lass das"}, fr = {"stop", "arrete"},
	es = {"alto", "para", "basta"}, ru = {"стоп", "хватит"},
}

-- Before and after a name. "stop following Tilda": it stays.
phrases.stop_following = {
	en = {"stop following", "do not follow", "don t follow", "dont follow"}, de = {"hor auf", "folge nicht", "folg nicht"},
	fr = {"arrete de suivre", "ne suis plus", "ne suis pas", "cesse de suivre"},
	es = {"deja de seguir a", "no sigas a", "para de seguir a"},
	ru = {"не ходи за", "не иди за", "перестань ходить за", "хватит ходить за"},
}
phrases.after_stop = {
	en = " and wait| and stay| and wait here| and stay here", de = " zu folgen| mehr", fr = " et attends| et reste ici",
	es = " y espera| y quedate aqui", ru = " и жди| и стой",
}

phrases.follow_other = {
	en = {"follow", "go with", "come with", "walk with", "stick with", "stay with", "go along with"},
	de = {"folge", "folg", "folgt", "geh mit", "lauf mit", "begleite", "bleib bei"},
	fr = {"suis", "suivez", "va avec", "accompagne", "reste avec"},
	es = {"sigue a", "acompana a", "quedate con", "seguid a"},
	ru = {"иди за", "следуй за", "иди с", "иди со", "ступай за", "идите за", "проводи"},
}

phrases.go_home = {
	en = {"go home", "go back home", "walk home", "return home", "go to your house", "go on home"},
	de = {
		"geh heim", "geh nach hause", "geht nach hause", "lauf nach hause", "geh nach haus", "geh wieder nach hause",
		"ab nach hause",
	},
	fr = {"rentre chez toi", "rentre a la maison", "va a la maison", "va chez toi", "retourne chez toi", "rentrez chez vous"},
	es = {"ve a casa", "vete a casa", "vuelve a casa", "ve a tu casa", "vete a tu casa", "regresa a casa", "vuelva a casa"},
	ru = {"иди домой", "идите домой", "ступай домой", "возвращайся домой", "пойди домой", "иди к себе домой"},
}

phrases.go_to = {
	en = {
		"go to", "go over to", "walk to", "walk over to", "run to", "run over to", "head to", "head over to",
		"go and stand by", "get to",
		"go back to", "move to", "go see", "go to see", "go and see", "go visit",
	},
	de = {
		"geh zu", "geh zum", "geh zur", "geht zu", "geht zum", "geht zur", "geh nach", "geh in", "geh ins", "geh an",
		"geh ans", "geh auf",
		"geh ruber zu", "geh ruber zum", "geh ruber zur", "lauf zu", "lauf zum", "lauf zur", "lauf nach", "renn zu",
		"renn zum", "renn zur",
		"geh mal ruber zu", "geh mal zu", "geh mal zum", "geh mal zur",
		"geh bitte zu", "geh bitte zum", "geh bitte zur", "geh hinuber zu",
		"geh hin zu",
		"geh zuruck zu", "geh zuruck zum", "geh zuruck zur",
	},
	fr = {
		"va a", "va au", "va aux", "va chez", "va vers", "va voir", "va jusqu a", "va jusqu au", "allez a", "allez au",
		"allez chez",
		"allez voir", "cours a", "cours au", "cours vers", "cours chez", "marche vers", "marche jusqu a", "retourne a",
		"retourne au",
		"retourne chez", "va pres de", "va dans", "va en", "rejoins", "va retrouver",
	},
	es = {
		"ve a", "ve al", "ve con", "ve hacia", "ve hasta", "ve donde", "ve adonde", "ve a ver a", "vete a", "vete al",
		"vete con", "vaya a",
		"vaya al", "id a", "id al", "camina hacia", "camina hasta", "camina a", "camina al", "corre a", "corre al",
		"corre hacia", "anda a",
		"anda al", "vuelve a", "vuelve al", "vuelve con", "acercate a", "acercate al",
	},
	ru = {
		"иди к", "иди ко", "иди в", "иди во", "иди на", "идите к", "идите в", "сходи к", "сходи ко", "сходи в",
		"сходи на", "пойди к",
		"пойди в", "ступай к", "ступай в", "беги к", "беги в", "беги на", "подойди к", "вернись к", "вернись в",
		"отправляйся к",
		"отправляйся в", "отправляйся на", "возвращайся к", "иди обратно к",
	},
}

phrases.articles = {
	en = "the a an", de = "der die das den dem", fr = "le la les l", es = "el la los las", ru = "",
}

return phrases
