#include "index/text/stop_words.h"

#include <algorithm>
#include <array>

namespace engram {
namespace {

// The 33 words that retrieval experiments with a plain baseline leave out.
constexpr std::string_view kEnglish =
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
    "this to was will with";

// Articles, pronouns, prepositions, conjunctions, auxiliaries: short on purpose, since a memory may turn on a
// word that a long list would drop. Changing a list changes the analyzer's fingerprint, and so rebuilds.
constexpr auto kLists = std::to_array<StopWordList>({
    {"arabic",
     "من في على إلى عن مع هذا هذه ذلك تلك التي الذي الذين ما لا لم لن أن إن كان كانت هو هي هم و أو ثم قد كل بعد قبل "
     "بين حتى إذا كما عند لكن أي منذ غير"},
    {"armenian",
     "այդ այլ այն այս դու դուք եմ են ենք ես եք է էի էին էինք էիր էիք էր ըստ թ ի ին իսկ իր կամ համար հետ հետո մենք մեջ "
     "մի ն նա նաև նրա նրանք որ որը որոնք որպես ու ում պիտի վրա և"},
    {"basque",
     "al anitz arabera asko baina bat batean batek batzuk bera berau bere beste bezala da dago dira ditu du dute edo "
     "egin ere eta eurak ez gainera gu guzti haiek hain hala han hau hauek hemen hi hor hori horiek hura izan ni noiz "
     "nola non nor ondoren oso zein zen zer ziren zu zuek"},
    {"catalan",
     "a al als amb aquell aquella aquest aquesta això com d de del dels el ella ells els em en entre era es és ha han "
     "hi ho i jo la les li lo més molt no nos o on per perquè però què que qui s sense ser seu seva si sobre són també "
     "te tot tu un una unes uns va vos"},
    {"danish",
     "af alle alt anden at blev blive bliver da de dem den denne der deres det dette dig din disse dog du efter eller "
     "en end er et for fra ham han hans har havde have hende hendes her hos hun hvad hvis hvor i ikke ind jeg jer jo "
     "kunne man mange med meget men mig min mod når ned noget nogle nu og også om op os over på sig sin skal som til "
     "ud under var ved vi vil"},
    {"dutch",
     "aan al alles als bij daar dan dat de der deze die dit doch door dus een en er ge geen had heb hebben heeft hem "
     "het hier hij hoe hun iemand iets ik in is ja je kan maar me men met mij mijn na naar niet niets nog nu of om "
     "omdat ons ook op over te tegen toch toen tot u uit uw van veel voor want waren was wat wel werd wie wij worden "
     "wordt zal ze zich zij zijn zo zonder zou"},
    {"english", kEnglish},
    {"finnish",
     "ei eivät en et että ette hän he hänen heidän ja jos jotka joka joita jonka kanssa koska kuin kun me meidän minä "
     "minun mitä mutta myös mukaan ne niiden niin nyt oli olivat olla olen olet on ovat se sekä sen siellä siinä sinä "
     "sitä tai tämä tämän tässä te tuo tätä vaan vai vaikka"},
    {"french",
     "à ai au aux avec c ce ces cette d dans de des du elle elles en est et eu eux il ils j je l la le les leur leurs "
     "lui m ma mais me même mes moi mon n ne nos notre nous on ont ou par pas pour qu que qui s sa sans se ses son "
     "sont sur t ta te tes toi ton tu un une vos votre vous y était été être a"},
    {"german",
     "aber als am an auch auf aus bei bin bis bist da damit das dass dein dem den der des dich die dies diese diesem "
     "diesen dieser dieses dir doch du durch ein eine einem einen einer eines er es euch für hat hatte hier ich ihm "
     "ihn ihnen ihr ihre im in ins ist ja kann kein man mein mich mir mit nach nicht noch nun nur ob oder ohne sein "
     "seine sich sie sind so um und uns unter vom von vor war was weil wenn wer werden wie wir wird wo zu zum zur "
     "über"},
    {"greek",
     "ο η το οι τα του της των τον την και κι κ είναι ένα ένας μια σε στο στη στην στον στα στις στους να με για από "
     "που πως δεν δε μη μην θα ως προς αλλά αν ότι όπως μου σου μας σας τους αυτό αυτός αυτή αυτά ή"},
    {"hindi",
     "अपना अपने अपनी इस इसके इसे उन उनके उस उसके उसे एक एवं और कर करने का कि किया की कुछ के को गया जब जा जो तक तो था थी थे "
     "द्वारा नहीं ने पर भी मैं में यह या ये लिए वह वे से हम हुआ ही है हैं हो होता"},
    {"hungarian",
     "a az abban ahhoz aki akik amely ami amit annak arra azok azon azt azzal be csak de e ebben egy egyes el ez ezek "
     "ezt ezzel és fel ha hanem hogy igen is itt ki kell le lehet lesz már még meg mert mi mint minden most ne nem "
     "olyan ő ők s sem sok szerint több ugy úgy után vagy van volt"},
    {"indonesian",
     "ada adalah agar akan anda antara apa atau bagi bahwa bisa dalam dan dapat dari dengan di dia hanya hingga ia "
     "ini itu jika juga kami karena ke kepada kita lagi lain maka mereka namun oleh pada para saat saja sangat saya "
     "sebagai sebuah secara sedang seperti serta setelah suatu sudah tapi telah tetapi tidak untuk yaitu yang"},
    {"irish",
     "a ach ag agus an ann ar arna as ba bhí bhfuil chun dá dar de den do don é faoi féin gach gan go gur i í iad idir "
     "in is isteach le lena leis mar mé mo ná nach ní níl níor nó nuair o ó ón os roimh sa san sé seo sí sin sinn siad "
     "tá tar thar trí tú um"},
    {"italian",
     "a ad agli ai al alla alle allo anche avere c che chi ci come con cui da dagli dai dal dalla dalle dallo degli "
     "dei "
     "del della delle dello di e è ed era essere gli ha hanno ho i il in io l la le lei li lo loro lui ma mi mia mio "
     "ne negli nei nel nella nelle nello noi non nostro o per perché più quale quella quello questa questo se si sia "
     "sono su sua sugli sui sul sulla sulle suo ti tra tu un una uno vi voi"},
    {"lithuanian",
     "ant apie ar arba aš be bei bet bus būti buvo dar dėl į iki ir iš ja jai jam jei ji jie jis jo jog jos jų kad kai "
     "kaip kas kur kurie kuris mano mes mūsų na ne nei nes net nors nuo o pagal pas per po prie prieš savo sau su ta "
     "tačiau tada tai taip tas tarp tik to tu už yra"},
    {"nepali",
     "अनि अब अरू आदि आफ्नो उनको उनले उस उहाँ ऊ एउटा एक ओर कि किन के को गर्न गर्ने छ छन् छु जब जो त तर तथा तिनी तिमी थिए थियो "
     "देखि न नै पछि पनि भने भन्ने भएको भयो म मा मात्र यदि यस यो र ले लाई लागि वा सँग सबै सो हामी हुन हुन्छ हो"},
    {"norwegian",
     "alle at av bare begge ble både da de deg dei dem den denne der dere deres det dette din disse du eller en enn er "
     "et etter for fordi fra før ha hadde han hans har henne her hos hun hva hvis hvor i ikke ikkje ingen inn jeg kan "
     "man med meg men min mot mye når nå noe noen og også om opp oss over på se seg selv sin skal så som til um ut "
     "uten var ved vi vil være vår å"},
    {"porter", kEnglish},
    {"portuguese",
     "a à ao aos aquele aquela aquilo as às até com como da das de dela dele deles depois do dos e é ela elas ele eles "
     "em entre era essa esse esta está este eu foi há isso isto já lhe mais mas me mesmo meu minha muito na não nas "
     "nem no nos nossa nosso num numa o os ou para pela pelo por qual quando que quem são se sem ser seu sua só também "
     "te tem teu tu tua um uma você vocês"},
    {"romanian",
     "a acea aceasta această acel acela acele acest acesta acești ai al ale am ar are as aș asta au ca că care ce cea "
     "cei cel cele chiar cu cum da dar de deci din doar după ea ei el ele era este eu fi fie fost în îi își într iar "
     "îl la le lor lui mai mă mi ne nici nu o ori pe pentru prin s sa să sau se și sub sunt te tu un una unei unor "
     "unui va vă voi"},
    {"russian",
     "а без бы был была были было быть в вам вас во вот вы да для до его ее её если есть ещё еще же за и из или им их "
     "к как ко когда кто ли мне мы на над не него нее неё ней нет ни них но ну о об он она они оно от по под при с со "
     "так также там то того тоже только том ты у уже что чтобы эта эти это этот я"},
    {"serbian",
     "a ako ali bez bi bila bili bilo bio biti će da do ga i ili iz ja je jedan jer joj kada kako kao koja koje koji "
     "kroz li me mi na nad ne nego nije njega oko on ona oni ono od ovaj po pod pre pri s sa sam samo se si smo ste su "
     "svi šta što ta taj te ti to tu u uz već vi za а ако али без би била били било био бити ће да до га и или из ја "
     "је "
     "један јер јој када како као која које који кроз ли ме ми на над не него није њега око он она они оно од овај по "
     "под пре при с са сам само се си смо сте су сви шта што та тај те ти то ту у уз већ ви за"},
    {"spanish",
     "a al algo ante antes como con contra cual cuando de del desde donde durante e el él ella ellas ellos en entre "
     "era "
     "es esa ese eso esta está este esto fue ha había hasta hay la las le les lo los más me mi mis mucho muy ni no nos "
     "nosotros o os otra otro para pero poco por porque que qué quien se ser si sí sin sobre son su sus también te "
     "tiene todo tu tus tú un una unas uno unos y ya yo"},
    {"swedish",
     "alla att av bara blev bli blir då de dem den denna deras dess det detta dig din dina dit du efter ej eller en er "
     "ett för från få ha hade han hans har hela hennes här hon honom hur i icke in inte jag kan man med mellan men mig "
     "min mot mycket när någon något ni nu och om oss på så sedan sig sin skulle som till under upp ut utan vad var "
     "vara varit vem vi vid vilken än är över"},
    {"tamil",
     "அது அந்த அவர் அவள் அவன் அல்லது ஆகும் ஆனால் இது இந்த இருந்து இல்லை உள்ள உள்ளது என என்பது என்ற என்று எந்த ஒரு ஒரே கொண்டு "
     "தான் நான் நாம் நீ பல பற்றி பின் பிறகு போது மட்டும் மற்றும் மீது முதல் வரை வேண்டும்"},
    {"turkish",
     "acaba ama ancak bana bazı belki ben beni benim bile bir biz bizim bu buna bunda bunlar bunu bunun çok çünkü da "
     "daha de değil diye en gibi göre hem hep her hiç için ile ise kadar ki kim mı mi mu mü nasıl ne neden o olan "
     "olarak oldu olduğu onlar onu onun sen siz sonra şey şu tüm var ve veya ya yani"},
    {"yiddish",
     "אבער אויב אויך אויף און אז אין איך אונדז איז אים איר אלע אַ אַן ביי ביז ביסט בין געווען ווי ווען ווער וואָס זאָל זי "
     "זיי זײַן זיך זענען האָבן האָט ווײַל ווערן וועט מיט מיר ניט נישט נאָר נאָך פֿאַר פֿון צו צי ער עס די דער דעם דאָס דו"},
});

}  // namespace

std::span<const StopWordList> AllStopWords() { return kLists; }

std::string_view StopWordsOf(std::string_view language) {
  for (const StopWordList& list : kLists) {
    if (list.language == language) return list.words;
  }
  return {};
}

std::vector<std::string> SplitStopWords(std::string_view words) {
  std::vector<std::string> out;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (end > 0) out.emplace_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return out;
}

}  // namespace engram
