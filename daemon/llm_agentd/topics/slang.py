"""Chat slang, contractions and the commonest misspellings, with what they stand for. Data alone."""

from __future__ import annotations

_TABLE = """
u: you; ya: you; yu: you; yuo: you; yoi: you; ye: you; thou: you; r: are; ur: your; yer: your; urs: yours; y: why;
n: and; b: be; c: see; k: ok; kk: ok; okay: ok; oki: ok; okey: ok; okie: ok; m8: mate; gr8: great; l8: late;
l8r: later; b4: before; 2day: today; 2nite: tonight; 2moro: tomorrow; tmrw: tomorrow; tmr: tomorrow; tmw: tomorrow;
tomorow: tomorrow; tommorow: tomorrow; 4u: for you; d: the; im: i am; i'm: i am; iam: i am; ive: i have;
i've: i have; i'll: i will; id: i would; i'd: i would; youre: you are; you're: you are; your're: you are;
youve: you have; you've: you have; youll: you will; you'll: you will; you'd: you would; youd: you would; hes: he is;
he's: he is; shes: she is; she's: she is; its: it is; it's: it is; it'll: it will; theyre: they are;
they're: they are; theyve: they have; they've: they have; we're: we are; weve: we have; we've: we have;
we'll: we will; thats: that is; that's: that is; theres: there is; there's: there is; heres: here is;
here's: here is; whats: what is; what's: what is; wats: what is; whts: what is; wuts: what is; whos: who is;
who's: who is; wheres: where is; where's: where is; whens: when is; when's: when is; hows: how is; how's: how is;
whys: why is; why's: why is; whatre: what are; what're: what are; who're: who are; dont: do not; don't: do not;
dnt: do not; doesnt: does not; doesn't: does not; didnt: did not; didn't: did not; isnt: is not; isn't: is not;
arent: are not; aren't: are not; wasnt: was not; wasn't: was not; werent: were not; weren't: were not; cant: can not;
can't: can not; cannot: can not; couldnt: could not; couldn't: could not; wont: will not; won't: will not;
wouldnt: would not; wouldn't: would not; shouldnt: should not; shouldn't: should not; havent: have not;
haven't: have not; hasnt: has not; hasn't: has not; hadnt: had not; hadn't: had not; aint: is not; ain't: is not;
let's: let us; lets: let us; gonna: going to; gona: going to; wanna: want to; wana: want to; gotta: have to;
gotcha: got you; gimme: give me; gimmie: give me; gime: give me; lemme: let me; kinda: kind of; sorta: sort of;
outta: out of; lotta: lot of; dunno: do not know; idk: i do not know; idc: i do not care; imo: in my opinion;
imho: in my opinion; tbh: to be honest; ngl: not going to lie; nvm: never mind; nevermind: never mind;
btw: by the way; afaik: as far as i know; asap: as soon as possible; omw: on my way; brb: be right back;
bbl: be back later; gtg: got to go; g2g: got to go; ttyl: talk to you later; cya: see you; cu: see you; cyu: see you;
hru: how are you; wbu: what about you; hbu: how about you; wdym: what do you mean; wym: what do you mean;
wyd: what are you doing; wya: where are you; wru: where are you; ily: i love you; ilu: i love you; ty: thank you;
tysm: thank you so much; tyvm: thank you very much; thx: thanks; thnx: thanks; thanx: thanks; tnx: thanks;
thks: thanks; np: no problem; yw: you are welcome; pls: please; plz: please; plss: please; plzz: please; pl: please;
pleas: please; plase: please; sry: sorry; srry: sorry; soz: sorry; sori: sorry; mb: my bad; gn: good night;
gm: good morning; gd: good; gl: good luck; hf: have fun; gj: good job; wp: well played; gg: good game;
wb: welcome back; omg: oh my god; wtf: what the hell; wth: what the hell; lmao: lol; lmfao: lol; rofl: lol; xd: lol;
lel: lol; hahaha: haha; hahahaha: haha; hehe: haha; hehehe: haha; lolol: lol; ppl: people; peeps: people;
sb: somebody; smb: somebody; some1: someone; sum1: someone; any1: anyone; no1: nobody; every1: everyone;
sth: something; smth: something; smt: something; sumthing: something; somethin: something; nothin: nothing;
nuthin: nothing; anythin: anything; bout: about; abt: about; cuz: because; coz: because; cos: because; bc: because;
bcs: because; becuz: because; w: with; wit: with; w/o: without; tho: though; thru: through; til: until; till: until;
yea: yes; yeah: yes; yep: yes; yup: yes; yeh: yes; aye: yes; ys: yes; yess: yes; nah: no; nope: no; nop: no; noo: no;
nay: no; wat: what; wut: what; wot: what; wht: what; waht: what; whta: what; teh: the; hte: the; th: the; da: the;
dat: that; dis: this; dese: these; dem: them; tht: that; taht: that; thsi: this; wiht: with; hav: have; hve: have;
hv: have; haev: have; ahve: have; cud: could; wud: would; shud: should; wld: would; cld: could; shld: should;
rly: really; rlly: really; realy: really; srsly: seriously; prob: probably; probs: probably; prolly: probably;
def: definitely; defo: definitely; fav: favourite; fave: favourite; favorite: favourite; color: colour;
colors: colours; armor: armour; neighbor: neighbour; neighbors: neighbours; mum: mother; mom: mother; mommy: mother;
mama: mother; dad: father; daddy: father; papa: father; kids: children; kid: child; bro: brother; bros: brothers;
sis: sister; fam: family; bf: boyfriend; gf: girlfriend; wifey: wife; hubby: husband; pic: picture;
info: information; diff: different; min: minute; mins: minutes; sec: second; secs: seconds; hr: hour; hrs: hours;
yr: year; yrs: years; rn: right now; atm: at the moment; msg: message; pwd: password; acc: account; plox: please;
halp: help; hlp: help; helo: hello; hallo: hello; hullo: hello; hai: hi; hiya: hi; heya: hey; heyy: hey; ello: hello;
sup: what is up; wassup: what is up; whatsup: what is up; wazzup: what is up; howdy: hello; yo: hey; oi: hey;
mornin: morning; nite: night; tonite: tonight; wher: where; were's: where is; wer: where; whre: where; frm: from;
frum: from; wen: when; wich: which; whitch: which; shure: sure; becasue: because; beacuse: because; freind: friend;
frend: friend; frnd: friend; freinds: friends; recieve: receive; beleive: believe; belive: believe; thier: their;
alot: a lot; muhc: much; littel: little; peopel: people; poeple: people; wnat: want; wan: want; waht's: what is;
nto: not; jsut: just; jus: just; jst: just; liek: like; lyk: like; lik: like; tel: tell; tlel: tell; knwo: know;
kno: know; knw: know; noe: know; giv: give; gve: give; mak: make; taek: take; tak: take; buyin: buying;
sellin: selling; doin: doing; goin: going; comin: coming; lookin: looking; sleepin: sleeping; workin: working;
talkin: talking; nuff: enough; enuf: enough; luv: love; lov: love; h8: hate; gud: good; goood: good; gooda: good;
bby: baby; cutie: cute; qt: cute; dmg: damage; lvl: level; xp: experience; mats: materials; tp: teleport;
inv: inventory; sw: sword; swrd: sword; sord: sword; diam: diamond; dia: diamond; dias: diamonds; mony: money;
moneyy: money; moni: money; monies: money; cash: money; bucks: coins; gp: coins; moneys: money; cheep: cheap;
chepa: cheap; expensiv: expensive; folow: follow; follw: follow; fallow: follow; foloow: follow; atack: attack;
attak: attack; atk: attack
"""


def _read(table: str) -> dict[str, str]:
    pairs = (entry.split(":", 1) for line in table.splitlines() for entry in line.split(";") if ":" in entry)
    return {short.strip(): long.strip() for short, long in pairs}


SLANG = _read(_TABLE)

# What a sign says, as a player without them would type it; of several in a row the first counts.
EMOJI = {
    sign: words
    for words, signs in {
        ":)": "😀😃😄😁😊🙂😉😇😎🤗☺😍🥰😘",
        "haha": "😂🤣😆😅😹💀",
        ":(": "😢😭😞😔🙁☹😿😟",
        "i like you": "❤♥💕💖💙💚💛💜🧡🖤",
        "ok": "👍👌✅",
        "no": "👎❌",
        "please": "🙏",
        "hi": "👋",
        "i am angry": "😡😠🤬😤",
        "oh no": "😱😨😰😧",
        "hmm": "🤔🧐",
        "wow": "😮😲😯🤯🔥🎉",
        "i am tired": "😴💤🥱",
    }.items()
    for sign in signs
}
