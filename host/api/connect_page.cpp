#include "api/connect_page.hpp"

#include <string>

namespace mortise::api {

namespace {

// Allowed by its hash, so that nothing else on the page can be styled or run.
constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}body{font:1rem/1.5 "
    "system-ui,sans-serif;max-width:32rem;margin:10vh "
    "auto;padding:0 1rem}button{font:inherit;padding:.6rem "
    "1.2rem;border-radius:.5rem;border:0;background:#2456c7;color:#fff;cursor:pointer}button:focus-"
    "visible{outline:3px solid #f5a623}li{margin:.3rem 0}";
constexpr std::string_view kStyleHash = "'sha256-3menqrNtRaWXinXOyH4jwwD2uTn7Y+HdbNCQFkXbJgk='";

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
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
        out.push_back(c);
    }
  }
  return out;
}

Response page(int status, std::string_view title, const std::string& content) {
  Response response;
  response.status = status;
  response.body =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>" +
      escape(title) + "</title><style>" + std::string(kStyle) + "</style></head><body><main><h1>" +
      escape(title) + "</h1>" + content + "</main></body></html>";
  response.set("Content-Type", "text/html; charset=utf-8");
  response.set("Content-Security-Policy", "default-src 'none'; style-src " +
                                              std::string(kStyleHash) +
                                              "; frame-ancestors 'none'; base-uri 'none'");
  return response;
}

}  // namespace

Response connect_page(const ports::Manifest& manifest, std::string_view app,
                      std::string_view account) {
  std::string content = "<p>This connects " + escape(manifest.name) + " to " + escape(app) +
                        ", account <strong>" + escape(account) +
                        "</strong>. If that is not yours, close this page: whoever sent you here "
                        "would get what is in your " +
                        escape(manifest.name) +
                        ".</p><p>This is what will be kept in step:</p><ul>";
  for (const ports::Feature& feature : manifest.auth.features) {
    content += "<li>" + escape(feature.says) + (feature.required ? "" : " (optional)") + "</li>";
  }
  // Without an action the form goes where the page came from, below whatever path a proxy adds.
  content +=
      "</ul><p>Nothing is read or written before you agree on the next page, and you can "
      "disconnect at any time.</p><form method=\"post\"><button>Continue to " +
      escape(manifest.name) + "</button></form>";
  Response response = page(200, manifest.connect_label, content);
  response.set("Referrer-Policy", "same-origin");  // else the form's Origin would be "null"
  return response;
}

Response connect_gone_page() {
  return page(404, "This link is over",
              "<p>It was used already, or is older than ten minutes. Go back to the app and choose "
              "Connect again.</p>");
}

Response connect_refused_page(std::string_view why) {
  return page(403, "This did not work",
              "<p>" + escape(why) + "</p><p>Go back to the app and choose Connect again.</p>");
}

Response connect_error_page(const Error& error) {
  if (error.reason == "not_configured" || error.reason == "connector_missing") {
    return page(503, "This does not work here",
                "<p>This service is not set up for the app. Tell whoever runs it.</p>");
  }
  switch (error.code) {
    case Code::not_found:
      return connect_gone_page();
    case Code::forbidden:
      return connect_refused_page("This connect was begun in another browser, or is over.");
    case Code::unavailable:
    case Code::rate_limited:
    case Code::cancelled:
    case Code::conflict: {
      Response response = page(503, "Not just now",
                               "<p>Something that is needed does not answer. Wait a moment, then "
                               "load this page again.</p>");
      response.set("Retry-After", "5");
      return response;
    }
    default:
      return page(500, "This did not work",
                  "<p>Something went wrong on our side. Go back to the app and choose Connect "
                  "again.</p>");
  }
}

}  // namespace mortise::api
