#include "simulators/common/html.hpp"

namespace mortise::simulators {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1f2328;--soft:#667078;--line:#dfe3e6;--back:#fff;--card:#f6f7f8;
--link:#0b62c4;--done:#1a7f4b;--tint:#eef4fb}
@media (prefers-color-scheme:dark){:root{--ink:#e7e9ea;--soft:#9aa4ab;--line:#33393e;--back:#17191b;
--card:#202427;--link:#7cb8ff;--done:#5fcf94;--tint:#1d2936}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
header.bar{border-bottom:1px solid var(--line);padding:.6rem 1rem;font-size:.9rem;color:var(--soft)}
header.bar a{margin-right:1rem}
main{max-width:56rem;margin:0 auto;padding:1rem 1rem 4rem;overflow-wrap:anywhere}
h1{font-size:1.8rem;line-height:1.25;margin:.6em 0 .4em}h2{font-size:1.35rem}h3{font-size:1.12rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
small,.soft{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem;margin:.8rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:600}
.scroll td,.scroll th{overflow-wrap:normal;min-width:3rem}.scroll td a{overflow-wrap:anywhere;display:inline-block;min-width:8rem}
details.soft>summary{list-style:none;padding:0 .4rem}details.soft>summary::-webkit-details-marker{display:none}
ul.tree{list-style:none;padding-left:1.1rem}
details{margin:.3rem 0}summary{cursor:pointer;font-weight:600}details>*:not(summary){margin-left:1.1rem}
.row{display:flex;gap:.5rem;align-items:baseline}.row>.grow{flex:1}
.done{color:var(--soft);text-decoration:line-through}
button,input,select{font:inherit;color:inherit;background:var(--back);border:1px solid var(--line);
border-radius:.4rem;padding:.3rem .6rem}
button{cursor:pointer}button.main{background:var(--link);color:#fff;border-color:transparent}
@media (prefers-color-scheme:dark){button.main{color:#0c1116}}
button.quiet{border-color:transparent;background:none;color:var(--soft);padding:.1rem .35rem}
button:focus-visible,a:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
form{display:inline}form.block{display:block}fieldset{border:1px solid var(--line);border-radius:.6rem;margin:1rem 0;padding:.6rem 1rem}
label.choice{display:block;padding:.35rem 0}
pre,code{font-family:ui-monospace,monospace;background:var(--card);border-radius:.3rem;padding:0 .25rem}
)";

constexpr std::string_view kRefresh = R"(<script>
(() => {
  const url = document.currentScript.dataset.url || document.body.dataset.refresh;
  let seen = null;
  const busy = () => document.activeElement && document.activeElement.matches('input:not([type=checkbox]),select,textarea');
  setInterval(async () => {
    try {
      const answer = await fetch(url, {cache: 'no-store'});
      const version = (await answer.json()).version;
      if (seen !== null && version !== seen && !busy()) location.reload();
      else if (seen === null) seen = version;
    } catch { /* the simulation is being restarted */ }
  }, 2000);
})();
</script>)";

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_page(std::string_view title, std::string_view body, std::string_view refresh_url) {
  std::string page =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>";
  page += html_escape(title);
  page += "</title><style>";
  page += kStyle;
  page += "</style></head><body data-refresh=\"" + html_escape(refresh_url) + "\">";
  page +=
      "<header class=\"bar\"><nav aria-label=\"Simulated providers\"><a href=\"/\">Simulated "
      "providers</a><a href=\"/notion\">Notion</a><a href=\"/google\">Google Calendar</a></nav>"
      "</header><main>";
  page += body;
  page += "</main>";
  if (!refresh_url.empty()) page += kRefresh;
  page += "</body></html>";
  return page;
}

}  // namespace mortise::simulators
