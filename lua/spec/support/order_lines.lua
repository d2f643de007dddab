-- Orders as players type them, by what they mean; of the people Greta and Otto, and Анна and Борис, told to Greta or to Анна.
-- {go_to = Otto} names whom or where to. Data only.

return {
	en = {
		follow_me = {
			"Greta, follow me", "follow me greta", "greta come with me", "please come along", "hey greta, come with me now",
			"come with me please", "greta walk with me",
		},
		come_here = {"come here", "Greta, come over here!", "come to me greta"},
		stay = {
			"stay here", "greta wait here", "wait here please", "greta, stay", "stop following me", "greta stop following otto and wait",
			"stop following me and wait", "don't move", "wait here for me, greta", "dont follow me",
		},
		go_home = {"go home greta", "Greta, go back home now"},
		follow = {"Greta, follow Otto", "greta go with otto please"},
		go_to = {"Greta, go to Otto", "greta walk over to otto", "go to otto please", "run to Otto, greta!"},
		place = {"greta, go to the harbour", "go to harbour", "walk to the harbour please"},
	},
	de = {
		follow_me = {
			"greta komm mit", "Greta, folge mir!", "komm bitte mit", "folg mir greta", "begleite mich", "Komm mit mir, Greta.",
			"greta komm jetzt mit", "bleib bei mir", "hey greta komm mal mit",
		},
		come_here = {"greta komm her", "Komm mal her, Greta!", "komm zu mir", "Greta, komm näher"},
		stay = {
			"warte hier greta", "Greta, bleib hier", "warte auf mich", "bleib bitte hier", "Bleib da, Greta", "greta bleib stehen",
			"folge mir nicht mehr", "hör auf, mir zu folgen", "halt", "Rühr dich nicht!", "hör auf otto zu folgen",
		},
		go_home = {"greta geh nach hause", "Geh heim, Greta"},
		follow = {"greta folge otto", "Greta, geh mit Otto"},
		go_to = {"greta geh zu otto", "Geh bitte zu Otto", "lauf zu otto, greta", "greta geh mal rüber zu Otto", "Renn zu Otto!"},
		place = {"greta geh zum harbour", "lauf zum Harbour"},
	},
	fr = {
		follow_me = {
			"greta suis moi", "Suis-moi, Greta !", "viens avec moi", "greta accompagne-moi", "suivez-moi s'il vous plaît",
			"allez, viens avec moi greta", "reste avec moi",
		},
		come_here = {"viens ici", "Greta, viens par ici", "approche-toi", "viens là greta"},
		stay = {
			"greta attends ici", "Attends-moi ici, Greta.", "reste là", "reste ici s'il te plaît", "ne bouge pas", "arrête de me suivre",
			"ne me suis plus", "attends greta", "greta, arrête de suivre otto", "Reste où tu es.",
		},
		go_home = {"greta rentre chez toi", "va à la maison"},
		follow = {"greta suis otto", "accompagne Otto"},
		go_to = {"greta va voir otto", "Va chez Otto", "greta, va à Otto", "cours vers otto", "rejoins otto greta"},
		place = {"va au harbour", "greta va vers le Harbour"},
	},
	es = {
		follow_me = {
			"greta ven conmigo", "Sígueme, Greta", "sigueme", "acompáñame por favor", "vente conmigo greta", "¡Ven con nosotros!",
			"camina conmigo",
		},
		come_here = {"ven aquí", "greta ven aca", "acércate", "¡Ven, Greta!"},
		stay = {
			"espera aqui greta", "Greta, quédate aquí", "espérame", "espérame aquí, greta", "no te muevas", "deja de seguirme",
			"no me sigas más", "¡Quieta!", "detente", "espera ahí por favor", "greta deja de seguir a otto", "quédate donde estás",
		},
		go_home = {"greta vete a casa", "vuelve a casa"},
		follow = {"greta sigue a otto", "acompaña a Otto"},
		go_to = {"greta ve con otto", "Ve a ver a Otto", "corre a Otto, greta", "vete con otto"},
		place = {"ve al harbour", "greta corre hacia el Harbour"},
	},
	ru = {
		follow_me = {
			"Анна иди за мной", "пойдём со мной", "следуй за мной, Анна!", "анна пошли со мной", "Пойдем со мной, пожалуйста",
			"ну пошли за мной", "держись рядом со мной",
		},
		come_here = {"иди сюда", "Анна, подойди ко мне", "подойди сюда пожалуйста", "анна иди ко мне"},
		stay = {
			"Анна жди здесь", "подожди меня здесь", "стой тут", "Стой, Анна!", "оставайся здесь", "анна останься тут", "не ходи за мной",
			"хватит ходить за мной", "подожди", "никуда не уходи", "жди меня, Анна",
		},
		go_home = {"анна иди домой", "Возвращайся домой"},
		follow = {"Анна, иди за Борисом", "следуй за Борисом"},
		go_to = {"анна иди к борису", "Сходи к Борису, пожалуйста", "беги к Борису!", "Анна, вернись к Борису"},
		place = {},
	},
	-- What is none of these, in whatever language.
	no_orders = {
		"how do i get to the harbour", "should I follow Otto?", "Otto told me to wait here", "I go to Otto now", "do you follow me?",
		"greta, tell otto to come here", "hello greta", "where is Otto", "follow the rules", "go to hell", "go to bed",
		"wait, what did you say about otto", "you may stay if you like", "I will wait here", "come what may",
		"ich warte hier", "soll ich warten?", "wo ist otto", "erzähl mir von otto", "komm schon, das glaube ich nicht", "ich geh zu otto",
		"kommst du oft her?", "je reste ici", "j'attends otto", "où va otto", "suis-je riche", "je suis ici", "je suis avec otto",
		"espero aquí", "voy con otto", "dónde espera otto", "no veo a otto", "я жду здесь", "я иду к борису", "где борис", "кто ждёт здесь",
		"привет анна", "иди к чёрту", "guten morgen greta", "bonjour greta", "hola greta", "wie geht es dir greta",
	},
}
