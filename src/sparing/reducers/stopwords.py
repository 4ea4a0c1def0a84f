"""Words of a question that say nothing of what it is about: function words, question words, and how it is put."""

from __future__ import annotations

from typing import Final

from sparing.reducers.words import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(text).split())


# Function words and question words of the commonest languages. What is missing here still counts for little, because
# `words.rarity` and the text's own statistics hold it down.
STOP: Final = _words(
    """
    a about an and any are as at be been being but by can could did do does for from had has have he her him his how
    i'm if in is it its me my not of on or our s she should so t than that the their them then there these they this
    those to was we were what when where which who whom whose why will with would you your

    al como con cual cuales cuando cuanta cuantas cuanto cuantos de del donde el en era es esta fue fueron ha la las
    lo los para por que quien quienes se segun ser si sin sobre son su sus tiene un una unas uno unos y aber als am
    an auf aus bei bis das dass dem den der des die durch ein eine einem einen einer eines fur hat hatte ihre im ist
    mit nach sich sie sind uber um und unter viele von vor wann war waren warum was welche welchem welchen welcher
    welches wem wen wer werden wessen wie wieviel wird wo wodurch wofur woher wohin wurde wurden zu zum zur au aux
    avec ce ces combien comment dans des du est et etait il ils le les leur ont ou par pas plus pour pourquoi qu
    quand quel quelle quelles quels qui quoi sa ses son sont sur une che chi come cosa cui dei della di e gli il nel
    nella perche piu qual quale quali quando quanti quanto sono ao aos como da das dos em foi mais na nas no nos o
    onde os pelo qual quais quando quantos quem uma aan een het hoe hoeveel ik naar niet ook op te uit van voor waar
    waarom wanneer wat welk werd wie zijn au care cand cat cate catre cati ce cel cine cu cui cum daca de din este
    fi fost in intre la lui mai nu o pe pentru prin sa sau si sunt un unde unei unui bir bu da daha de gibi hangi
    hangisi icin ile kac kadar kim kimdir kime kimin mi mu nasil ne neden nedir nerede neresi nereden nereye olan
    olarak ve veya zaman ai bao bi cac cai cho co cua da dau den duoc gi hay khi khong la lam may mot nao nay nhieu
    nhu nhung o sao the theo thi trong tu va vao ve vi voi в во для до его ее за и из или их к как каков какова
    какое какого какой каком какую какая какие каким каких когда кого кем ком кому который которая которые ли на не
    о об от по почему при с сколько со такое то у чего чем что чему чья чье это был была были было где куда απο αυτα
    αυτο για δεν ειναι εχει η ηταν και κατα με να ο οι οποια οποιο οποιος ποια ποιες ποιο ποιοι ποιον ποιος ποιου
    ποσα ποσες ποσο ποσοι ποτε που πως πωσ σε στα στη στην στις στο στον στους τα τη την της τησ τι τις τισ το τον
    του τουσ τους των ως अपने इस ई उन उस एक एवं और कब कहाँ कहां का कि किन किस किसके किसने किसे की के को कौन कौनसा
    कौनसी कितना कितनी कितने क्या क्यों जब जो तक तो था थी थे द्वारा ने पर में यह या ये वह वे से हुआ हुई हुए है हैं हो
    الى اي اية الذي التي ان او اين بعد بين على عن عند في قبل كان كانت كم كيف لا لم لماذا ما ماذا متى مع من منذ هل
    هذا هذه هو هي و وما ومن
    """
)

# How a question or an instruction is put. These may be what it is about ("which group"), so they count, but little.
FRAME: Final = _words(
    """
    according answer answered ask asked brief called comment commented conclude concluded conclusion decide decided
    decision describe described detail details discuss discussed discussing discussion explain explained find
    following give given group information kind list main meeting mention mentioned name opinion opinions overview
    please point points present presented said say show speak suggest suggested suggestion summarise summarize
    summary talk talked talking team tell text think thought thoughts type used view views
    """
)

# Question words of scripts without spaces, taken out before the rest is cut into n-grams; longer ones first.
UNSPACED_STOP: Final = tuple(
    sorted(
        _words(
            """
    什么 甚么 谁 哪里 哪儿 哪个 哪些 哪种 哪位 哪年 哪一 哪 多少 多久 多长 多大
    为什么 为何 怎么样 怎么 怎样 如何 何时 何地 几个 几年 几 是 的 了 吗 呢 在 有
    和 与 由 被 什麼 誰 哪裡 哪個 多久 為什麼 怎麼 は が を に の と で か 何 誰
    どこ いつ なぜ どの どれ です ます ました した อะไรบ้าง อะไร ใคร
    ที่ไหน เมื่อไหร่ เมื่อใด เท่าไหร่ เท่าไร เท่าใด
    กี่ อย่างไร ยังไง ทำไม ไหน คือ ของ ที่ ใน และ
    เป็น มี ใด ได้ จาก โดย ให้ ว่า การ
    """
        ),
        key=lambda word: (-len(word), word),
    )
)
