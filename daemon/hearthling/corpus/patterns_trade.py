"""Reply patterns of trade: prices, stock, haggling, buying from the player, gifts; plain and as JSON `say`.

Same line form as `patterns_daily.py`. `{price}` is always for one piece, so that nothing has to be multiplied.
Data only; read by `bank.py`.
"""

from __future__ import annotations

PATTERNS: dict[str, str] = {
    "price": """
{A_item} costs {price} coins, {speaker}.
For you, {speaker}, {price} coins.
{price} coins for {a_item}, {speaker}, and that is fair.
{price} coins, {speaker}. Look at it, it is worth every one.
I ask {price} coins for {a_item}.
That will be {price} coins, {speaker}.
{A_item}? {price} coins, not one less.
/happy Only {price} coins for {a_item}, {speaker}, because I like you!
/tired {price} coins, {speaker}. I am too tired to haggle.
/angry {price} coins. Take it or leave it, {speaker}.
/sad {price} coins, {speaker}. I would rather keep it, but I need the money.
/proud {price} coins, {speaker}. You find no finer {item} anywhere.
@merchant {price} coins, {speaker}, and I lose money at that price.
@merchant My friend {speaker}! For {a_item} only {price} coins.
@smith {price} coins. There is a day of sweat in that {item}.
@farmer {price} coins, {speaker}. I do not cheat my neighbours.
@innkeeper {price} coins, {speaker}, and a smile for free.
@healer {price} coins for {a_item}. It may save your life, {speaker}.
@bandit {price} coins, and you never saw me, {speaker}.
@child {price} coins! Or a ride on your back, {speaker}!
@hunter {price} coins.
@fisher {price} coins, {speaker}. The lake sets the price.
@scholar {price} coins, {speaker}. Knowledge is free, {a_item} is not.
@miner {price} coins. You do not want to dig for it yourself, {speaker}.
@priest {price} coins for the shrine, {speaker}, and {a_item} is yours.
@elder {price} coins, {speaker}. The village chest will be glad.
@guard {price} coins. Do not haggle with a guard, {speaker}.
""",
    "stock": """
I have {count} {items}, {speaker}. How many do you want?
There are {count} {items} left, {speaker}.
{count} {items}, {speaker}. Look them over.
I can sell you {items}, {speaker}. I have {count} of them.
{count} {items}, that is what I have today.
/tired {count} {items}, {speaker}. I counted them twice.
/happy Good stuff, {speaker}! {count} {items}!
/proud {count} {items}, {speaker}, each one of the best kind.
@merchant {count} {items} on the shelf, {speaker}, fresh from the wagon.
@smith {count} {items}, {speaker}, all from my own forge.
@farmer {count} {items}, {speaker}, the best of the season.
@healer {count} {items}, {speaker}, made with my own hands.
@hunter {count} {items}.
@innkeeper The cellar holds {count} {items}, {speaker}.
@bandit {count} {items}, {speaker}. Do not ask where they come from.
@miner {count} {items}, {speaker}, straight from the deep.
@fisher {count} {items}, {speaker}, all from this week.
""",
    "stock_none": """
I have nothing to sell today, {speaker}.
My shelves are empty, {speaker}. Come again tomorrow.
Nothing for sale, {speaker}. Sorry.
I do not sell anything today, {speaker}.
@merchant All sold, {speaker}! I have nothing left.
@hunter Nothing to sell.
@child I have nothing to sell, {speaker}! Only this stone.
@guard I sell nothing, {speaker}. I am a guard.
@farmer Nothing to sell before the harvest, {speaker}.
@smith Nothing for sale, {speaker}. All my work is taken.
@priest The shrine sells nothing today, {speaker}.
@elder I am no trader, {speaker}. I have nothing to sell.
""",
    "lacking": """
I have no {item}, {speaker}. Sorry.
No {item} here, {speaker}. Ask somebody else.
I am sorry, {speaker}, {a_item} is not among my goods.
{A_item}? I do not have that, {speaker}.
I do not sell {items}, {speaker}.
I cannot help you with {a_item}, {speaker}.
@merchant The last {item} was sold yesterday, {speaker}. I have none.
@hunter No {item}.
@child I do not have {a_item}, {speaker}!
@smith I have no {item}, {speaker}. I only work iron.
@bandit I have no {item}, {speaker}. Not yet.
@innkeeper No {item} in my cellar, {speaker}. Sorry.
@farmer {A_item}? That does not grow on my field, {speaker}. I have none.
""",
    "haggle": """
{offer} is too little, {speaker}. Say {counter} coins and it is yours.
Meet me in the middle, {speaker}: {counter} coins.
Not {offer}, {speaker}. But {counter} coins, because it is you.
Hm. {counter} coins, {speaker}, my last word.
You drive a hard bargain, {speaker}. {counter} coins?
{counter} coins, {speaker}, and we shake hands.
/happy Ha, {speaker}! Make it {counter} coins and we both smile.
/tired {counter} coins, {speaker}, and let us end this.
/angry {offer}? Do not insult me. {counter} coins, {speaker}.
/sad {counter} coins, {speaker}. I have mouths to feed.
@merchant {offer}? My children must eat, {speaker}. {counter} coins.
@smith The coal alone costs {offer}. {counter} coins, {speaker}.
@hunter {counter}. Done?
@child {counter} coins, {speaker}! I can count that far!
@bandit {counter} coins, {speaker}, or I just take your purse.
@farmer {counter} coins, {speaker}, and I add an apple.
@innkeeper Say {counter} coins, {speaker}, and you get a bowl of soup too.
""",
    "haggle_accept": """
{offer} coins? Done, {speaker}.
Deal, {speaker}! {offer} coins it is.
{offer} coins are fair, {speaker}. I agree.
Very well, {speaker}, {offer} coins. Shake hands.
@merchant A pleasure, {speaker}! {offer} coins, and it is yours.
@hunter {offer}. Agreed.
@child {offer} coins? Yes! Deal, {speaker}!
@bandit {offer} coins, {speaker}? You are too honest. Deal.
""",
    "j_offer_trade": """
I can give you {want} {wanted} for {price} coins each, {speaker}.
{want} {wanted}, {speaker}? {price} coins each.
For {want} {wanted} I ask {price} coins a piece, {speaker}.
Gladly, {speaker}. {want} {wanted} at {price} coins each.
Here you are, {speaker}: {want} {wanted}, {price} coins a piece.
/happy Of course, {speaker}! {want} {wanted} for only {price} coins each!
/tired {want} {wanted}, {price} coins each. Good, {speaker}?
/angry {want} {wanted}, {price} coins each, and no haggling.
@merchant Good choice, {speaker}! {want} {wanted}, {price} coins each.
@smith {want} {wanted}, fresh from the fire. {price} coins each, {speaker}.
@healer {want} {wanted}, {price} coins each. Use it well, {speaker}.
@farmer {want} {wanted}, {price} coins each, and good health, {speaker}.
@innkeeper {want} {wanted} for the guest, {price} coins each.
@hunter {want} {wanted}. {price} coins each.
@bandit {want} {wanted}, {price} coins each. Quick, {speaker}, before a guard comes.
@child {want} {wanted} for {price} coins each, {speaker}. Mother said so.
""",
    "j_haggle": """
Not {offer}, {speaker}. {counter} coins and it is yours.
Let us say {counter} coins, {speaker}.
{offer} is too little. {counter} coins, {speaker}?
{counter} coins, {speaker}, my last word.
We meet in the middle: {counter} coins, {speaker}.
/angry {offer}? An insult. {counter} coins, {speaker}.
/happy Ha! {counter} coins, {speaker}, and we are both happy.
@merchant My children must eat, {speaker}. {counter} coins.
@hunter {counter}. Last word.
@smith Coal is dear, {speaker}. {counter} coins.
@bandit {counter} coins, {speaker}, or no deal.
@farmer {counter} coins, {speaker}, honest price.
""",
    "j_accept": """
Deal, {speaker}. {offer} coins it is.
{offer} coins? Done, {speaker}.
Agreed, {speaker}, {offer} coins.
@merchant A pleasure to trade with you, {speaker}. {offer} coins.
@hunter {offer}. Good.
@child Yes! {offer} coins, {speaker}!
""",
    "j_no_trade": """
I have no {item}, {speaker}. Sorry.
No {item} here, {speaker}.
{A_item}? I do not have that, {speaker}.
I cannot sell you {a_item}, {speaker}. I have none.
@merchant The last {item} is gone, {speaker}.
@hunter No {item}.
@smith No {item} at my forge, {speaker}.
@child I have no {item}, {speaker}!
""",
    "j_give": """
Here, {speaker}, take {a_item}. It is a gift.
{A_item} for you, {speaker}. Keep it safe.
You need it more than I do, {speaker}. Take {a_item}.
Take this {item}, {speaker}, and no coins for it.
@healer Take this {item}, {speaker}, and get well.
@innkeeper {A_item} on the house, {speaker}.
@priest The shrine gives you {a_item}, {speaker}.
@child You can have my {item}, {speaker}!
@elder Take {a_item}, my child {speaker}, with my blessing.
@hunter Take it. {A_item}.
""",
    "j_take": """
For me, {speaker}? Thank you for the {item}.
I gladly take the {item}, {speaker}.
{A_item}! You are kind, {speaker}.
Thank you, {speaker}. The {item} will be useful.
@child For me? {A_item}! Thank you, {speaker}!
@bandit {A_item}, freely given? Thank you, {speaker}, that is new to me.
@priest The shrine accepts your {item}, {speaker}.
@hunter Good. I take the {item}.
@smith Thank you, {speaker}. That {item} comes in handy at the forge.
""",
    "j_buy": """
I give you {price} coins for each {item}, {speaker}.
{price} coins a piece is what I pay, {speaker}. Will you sell the {item}?
I can use that {item}, {speaker}. {price} coins each?
For {a_item} I pay {price} coins, {speaker}.
Let me see the {item}, {speaker}. {price} coins each.
/happy Just what I need, {speaker}! {price} coins for each {item}!
/tired {price} coins for each {item}, {speaker}, and no talk.
/angry {price} coins for each {item}, {speaker}. Not one more.
@merchant I buy the {item}, {speaker}. {price} coins each, a good price.
@smith The forge can use that {item}. {price} coins each, {speaker}.
@hunter {price} coins for each {item}.
@innkeeper The kitchen takes the {item}, {speaker}. {price} coins each.
@farmer I take the {item}, {speaker}, for {price} coins each.
@bandit {price} coins for each {item}, {speaker}, and I never saw you.
@child I have {price} coins for each {item}, {speaker}! Look!
""",
}
