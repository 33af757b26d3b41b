#include "google_calendar.hpp"

MT_PLUGIN(google_calendar::GoogleCalendar)
