#include "tests/simulators/demo_texts.h"

namespace damsync {

const std::vector<DemoText>& demo_texts() {
  static const std::vector<DemoText> kTexts = {
      {"Commuters cross a bridge at sunrise", {"bridge", "city", "commuters", "morning", "sunrise"}, "4"},
      {"Fresh bread on a wooden table, close-up", {"bakery", "bread", "breakfast", "food", "wood"}, "6"},
      {"Straßenbahn im Schnee, Blick über die Dächer", {"Straßenbahn", "Schnee", "Winter", "Dächer"}, "4"},
      {"Écolière lisant à l'ombre d'un châtaignier", {"école", "lecture", "été", "châtaignier"}, "18"},
      {"منظر عام لسوق المدينة القديمة عند الغروب", {"سوق", "مدينة", "غروب", "تراث"}, "4"},
      {"عالمة تفحص عينة في المختبر", {"علم", "مختبر", "بحث", "صحة"}, "16"},
      {"清晨薄雾中的梯田与远山", {"梯田", "薄雾", "农业", "风景", "清晨"}, "12"},
      {"高速列车驶入上海车站", {"列车", "车站", "上海", "交通"}, "20"},
      {"Вид на набережную зимним вечером", {"набережная", "зима", "вечер", "город"}, "4"},
      {"Учёные запускают метеозонд в тундре", {"наука", "тундра", "погода", "зонд"}, "16"},
      {"बाज़ार में ताज़े मसालों की दुकान", {"मसाले", "बाज़ार", "भोजन", "भारत"}, "6"},
      {"मानसून के बाद धान के खेत", {"धान", "खेत", "मानसून", "किसान"}, "12"},
      {"Street festival with confetti 🎉🎊 and music 🎶", {"festival", "confetti 🎉", "music", "street"}, "3"},
      {"Family hiking 👨‍👩‍👧 on a mountain trail ⛰️",
       {"family", "hiking", "mountain", "trail 🥾"},
       "18"},
      {"Prime minister answers questions after the summit", {"politics", "press", "summit", "minister"}, "26", true},
      {"Fans celebrate the goal in the final", {"fans", "final", "football", "sport"}, "19", true},
      {"Flood water in the old town after the storm", {"flood", "storm", "town", "weather"}, "12", true},
      {"Set of flat icons: energy & environment <\"green\">", {"energy", "environment", "flat", "icons"}, "8"},
      {"Seamless pattern, \"leaves & berries\"", {"berries", "leaves", "pattern", "seamless"}, "2"},
      {"東京の夜、雨に濡れた横断歩道", {"東京", "夜", "雨", "横断歩道"}, "4"},
      {"한강 위로 떠오르는 보름달", {"한강", "보름달", "서울", "야경"}, "4"},
      {"Ψαρόβαρκες στο λιμάνι το πρωί", {"λιμάνι", "βάρκες", "θάλασσα", "πρωί"}, "20"},
      {"שוק פירות צבעוני בתל אביב", {"שוק", "פירות", "תל אביב", "צבע"}, "6"},
      {"Chợ nổi trên sông vào buổi sáng", {"chợ nổi", "sông", "buổi sáng", "thuyền"}, "20"},
  };
  return kTexts;
}

}  // namespace damsync
