#include "simulators/google/colors.hpp"

namespace mortise::simulators::google {
namespace {

constexpr const char* kInk = "#1d1d1d";

}  // namespace

const std::map<std::string, CalendarColor>& event_colors() {
  static const std::map<std::string, CalendarColor> kColors = {
      {"1", {"#a4bdfc", kInk}},  {"2", {"#7ae7bf", kInk}},  {"3", {"#dbadff", kInk}},
      {"4", {"#ff887c", kInk}},  {"5", {"#fbd75b", kInk}},  {"6", {"#ffb878", kInk}},
      {"7", {"#46d6db", kInk}},  {"8", {"#e1e1e1", kInk}},  {"9", {"#5484ed", kInk}},
      {"10", {"#51b749", kInk}}, {"11", {"#dc2127", kInk}},
  };
  return kColors;
}

const std::map<std::string, CalendarColor>& calendar_colors() {
  static const std::map<std::string, CalendarColor> kColors = {
      {"1", {"#ac725e", kInk}},  {"2", {"#d06b64", kInk}},  {"3", {"#f83a22", kInk}},
      {"4", {"#fa573c", kInk}},  {"5", {"#ff7537", kInk}},  {"6", {"#ffad46", kInk}},
      {"7", {"#42d692", kInk}},  {"8", {"#16a765", kInk}},  {"9", {"#7bd148", kInk}},
      {"10", {"#b3dc6c", kInk}}, {"11", {"#fbe983", kInk}}, {"12", {"#fad165", kInk}},
      {"13", {"#92e1c0", kInk}}, {"14", {"#9fe1e7", kInk}}, {"15", {"#9fc6e7", kInk}},
      {"16", {"#4986e7", kInk}}, {"17", {"#9a9cff", kInk}}, {"18", {"#b99aff", kInk}},
      {"19", {"#c2c2c2", kInk}}, {"20", {"#cabdbf", kInk}}, {"21", {"#cca6ac", kInk}},
      {"22", {"#f691b2", kInk}}, {"23", {"#cd74e6", kInk}}, {"24", {"#a47ae2", kInk}},
  };
  return kColors;
}

CalendarColor calendar_color(const std::string& id) {
  const auto found = calendar_colors().find(id);
  return found == calendar_colors().end() ? calendar_colors().at("16") : found->second;
}

}  // namespace mortise::simulators::google
