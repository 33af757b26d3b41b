#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include <fmt/format.h>

#include "app/command.hpp"
#include "app/doctor.hpp"
#include "app/host.hpp"
#include "app/hours.hpp"
#include "app/key_commands.hpp"
#include "app/system.hpp"
#include "core/plan_shapes.hpp"
#include "core/zones.hpp"
#include "plugin/loader.hpp"
#include "script/library.hpp"

namespace mortise::app {
namespace {

Result<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{Code::invalid, fmt::format("{} is a folder: name the files in it", path)};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::not_found, fmt::format("cannot read {}", path)};
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void print_findings(Terminal& terminal, const std::string& path,
                    const std::vector<ports::ScriptFinding>& findings) {
  for (const ports::ScriptFinding& finding : findings) {
    terminal.out << fmt::format("{}:{}: {}\n", path, finding.line, shown(finding.message));
  }
}

/// What the host calls a script: the folder says what it is.
std::string script_name(const std::filesystem::path& path) {
  const std::filesystem::path file = std::filesystem::absolute(path);
  return (file.parent_path().filename() / file.filename()).string();
}

/// The scripts in a folder, or in its mappings/ and policies/; a file is itself.
std::vector<std::string> scripts_at(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (!fs::is_directory(path, failed)) return {path};
  std::vector<std::string> found;
  for (const fs::path& folder :
       {fs::path(path), fs::path(path) / "mappings", fs::path(path) / "policies"}) {
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
      if (at->path().extension() == ".lua") found.push_back(at->path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

int script_check(const Arguments& arguments, Terminal& terminal) {
  auto settings = settings_for(arguments, terminal);
  if (!settings) return complain(terminal, settings.error());
  script::StatePool states;
  const script::KnownConnectors known =
      script::known_connectors(load_connectors(*settings)->list());
  if (known.empty()) {
    terminal.err
        << "mortise: no connectors are found here: connectors and kinds that mappings name "
           "are not looked up\n";
  }
  int exit = kOk;
  for (const std::string& word : arguments.words) {
    const std::vector<std::string> paths = scripts_at(word);
    if (paths.empty()) {
      exit = complain(terminal, {Code::not_found, fmt::format("{} holds no script", word)});
    }
    for (const std::string& path : paths) {
      auto source = read_file(path);
      if (!source) {
        exit = complain(terminal, source.error());
        continue;
      }
      const script::Findings findings =
          script::check_script(script_name(path), *source, states, known);
      print_findings(terminal, path, findings);
      if (findings.empty()) terminal.out << path << ": ok\n";
      if (!findings.empty() && exit == kOk) exit = kFound;
    }
  }
  return exit;
}

int plan_check(const Arguments& arguments, Terminal& terminal) {
  auto settings = settings_for(arguments, terminal);
  if (!settings) return complain(terminal, settings.error());
  auto hours = working_hours(settings->text("planning.hours"));
  if (!hours) return complain(terminal, hours.error());
  int exit = kOk;
  for (const std::string& path : arguments.words) {
    auto text = read_file(path);
    if (!text) {
      exit = complain(terminal, text.error());
      continue;
    }
    auto document = core::parse_json(*text);
    if (!document) {
      terminal.out << path << ": " << shown(document.error().message) << '\n';
      if (exit == kOk) exit = kFound;
      continue;
    }
    int next = 0;
    auto read = core::read_plan_document(
        *document, [&](std::string_view prefix) { return fmt::format("{}_{}", prefix, ++next); });
    for (const core::Problem& problem : read.problems) {
      terminal.out << fmt::format("{}: {}: {}\n", path, shown(problem.pointer),
                                  shown(problem.detail));
      if (exit == kOk) exit = kFound;
    }
    if (!read) continue;
    const core::Plan& plan = read.value->plan;
    const std::string zone = plan.zone.empty() ? settings->text("planning.zone") : plan.zone;
    auto now = core::to_local(SystemClock().now_ms(), zone);
    if (!now) return complain(terminal, now.error());
    auto timing =
        core::schedule_plan(plan, read.value->tasks, core::day_of_local(*now), *hours, zone);
    if (!timing) {
      terminal.out << path << ": " << timing.error().message << '\n';
      if (exit == kOk) exit = kFound;
      continue;
    }
    if (timing->impossible_deadline) {
      const core::Problem problem = core::as_problem(*timing->impossible_deadline);
      terminal.out << fmt::format("{}: {}: {}\n", path, shown(problem.pointer),
                                  shown(problem.detail));
      if (exit == kOk) exit = kFound;
      continue;
    }
    std::size_t weeks = 0;
    for (const core::Module& module : plan.modules) weeks += module.weeks.size();
    const std::string last = timing->placements.empty() ? "-" : timing->placements.back().due;
    terminal.out << fmt::format("{}: ok: \"{}\", {} modules, {} weeks, {} tasks, last on {}\n",
                                path, shown(plan.title), plan.modules.size(), weeks,
                                read.value->tasks.size(), last);
  }
  return exit;
}

void print_items(Terminal& terminal, const std::vector<ports::PreviewItem>& items) {
  for (const ports::PreviewItem& item : items) {
    terminal.out << fmt::format("{:<8}{:<10}{}\n", item.action, item.kind, shown(item.title));
    if (item.action == "update") {
      terminal.out << fmt::format("          {} -> {}\n", shown(item.before), shown(item.after));
    }
  }
}

void print_rest(Terminal& terminal, const ports::Preview& preview) {
  for (const ports::ParkedItem& item : preview.parked_items) {
    terminal.out << fmt::format("parked  {}: {}\n", shown(item.title), shown(item.error.message));
  }
  if (!preview.guard.empty()) terminal.out << "would stop: " << preview.guard << '\n';
}

Result<std::unique_ptr<Host>> open_host(const Arguments& arguments, const Terminal& terminal) {
  auto settings = settings_for(arguments, terminal);
  if (!settings) return std::move(settings).error();
  return Host::open({std::move(*settings), terminal.environment, terminal.environment_names,
                     std::string(kVersion), [](std::string_view, const std::string&) {},
                     store::Opening::keep});
}

int preview(const Arguments& arguments, Terminal& terminal) {
  for (const char* needed : {"connection", "plan"}) {
    if (arguments.option(needed).empty()) {
      return complain(terminal, {Code::invalid, fmt::format("--{} is missing", needed)}, kUsage);
    }
  }
  auto host = open_host(arguments, terminal);
  if (!host) return complain(terminal, host.error());
  auto preview = (*host)->preview(arguments.option("connection"), arguments.option("plan"));
  if (!preview) {
    if (preview.error().code != Code::not_found) return complain(terminal, preview.error());
    return complain(terminal, preview.error(), kFound);
  }
  print_items(terminal, preview->items);
  terminal.out << preview->summary << '\n';
  print_rest(terminal, *preview);
  return kOk;
}

/// "allowed, limit 2", "denied (quota_exceeded), no limit"
std::string outcome(const ports::Decision& decision) {
  return fmt::format("{}, {}",
                     decision.allow ? fmt::format("allowed at {}", decision.cost)
                                    : fmt::format("denied ({})", decision.reason),
                     decision.limit ? fmt::format("limit {}", *decision.limit) : "no limit");
}

void print_decision(Terminal& terminal, const std::string& who, const ports::DecisionTrial& each) {
  const std::string before = outcome(each.before);
  const std::string after = outcome(each.after);
  const std::string change = before == after ? before : before + " -> " + after;
  terminal.out << fmt::format("{:<24}{:<18}{}\n", who, each.ask.action, change);
}

void print_trial(Terminal& terminal, const ports::Trial& trial) {
  const auto said = [](const Result<ports::Preview>& preview) {
    return preview ? preview->summary : "fails: " + preview.error().message;
  };
  for (const ports::PlanTrial& plan : trial.plans) {
    terminal.out << fmt::format("{} \"{}\"\n  now:    {}\n  edited: {}\n", plan.plan_id,
                                shown(plan.title), said(plan.now), said(plan.edited));
    print_items(terminal, plan.differs);
    if (plan.edited) print_rest(terminal, *plan.edited);
  }
  if (trial.plans_left_out > 0) {
    terminal.out << fmt::format("{} more plans took too long: name one\n", trial.plans_left_out);
  }
  for (const ports::DecisionTrial& each : trial.tiers) {
    print_decision(terminal, "tier " + each.ask.tier, each);
  }
  for (const ports::DecisionTrial& each : trial.accounts) {
    print_decision(terminal, "account " + each.ask.account_id, each);
  }
  if (!trial.tiers.empty()) {
    terminal.out << fmt::format("{} accounts asked{}, {} answered otherwise\n",
                                trial.accounts_asked, trial.accounts_left_out ? ", not all" : "",
                                trial.accounts_changed);
  }
}

int script_preview(const Arguments& arguments, Terminal& terminal) {
  const std::string& path = arguments.words.front();
  auto source = read_file(path);
  if (!source) return complain(terminal, source.error());
  ports::TrialRequest request{script_name(path), std::move(*source), arguments.option("connection"),
                              arguments.option("plan")};
  if (request.name.rfind("mappings/", 0) == 0 && request.connection_id.empty()) {
    return complain(terminal, {Code::invalid, "--connection is missing"}, kUsage);
  }
  auto host = open_host(arguments, terminal);
  if (!host) return complain(terminal, host.error());
  auto answer = (*host)->try_script(request);
  if (const auto* refused = std::get_if<ports::Refusal>(&answer)) {
    for (const ports::Complaint& each : refused->complaints) {
      terminal.err << fmt::format("mortise: --{} {}\n",
                                  each.pointer == "/plan_id" ? "plan" : "connection", each.detail);
    }
    if (!refused->complaints.empty()) return kUsage;
    if (refused->error.code != Code::not_found) return complain(terminal, refused->error);
    return complain(terminal, refused->error, kFound);
  }
  const ports::Trial& trial = std::get<ports::Trial>(answer);
  print_findings(terminal, path, trial.findings);
  print_trial(terminal, trial);
  const bool fails = std::any_of(trial.plans.begin(), trial.plans.end(),
                                 [](const ports::PlanTrial& plan) { return !plan.edited; });
  return trial.findings.empty() && !fails ? kOk : kFound;
}

int plugin_list(const Arguments& arguments, Terminal& terminal) {
  auto settings = settings_for(arguments, terminal);
  if (!settings) return complain(terminal, settings.error());
  const auto loaded = load_connectors(*settings);
  for (const auto& connector : loaded->list()) {
    const ports::Manifest& manifest = connector->manifest();
    terminal.out << fmt::format("{:<20}{:<10}{}\n", manifest.id, manifest.version, manifest.name);
  }
  for (const plugin::Refusal& refusal : loaded->refusals()) {
    terminal.out << fmt::format("{:<20}refused: {}\n", refusal.folder.filename().string(),
                                refusal.error.message);
  }
  return loaded->refusals().empty() ? kOk : kFound;
}

int version(const Arguments&, Terminal& terminal) {
  terminal.out << "mortise " << kVersion << " (plugin ABI " << MT_ABI_MAJOR << ")\n";
  return kOk;
}

int config_template(const Arguments&, Terminal& terminal) {
  terminal.out << settings_template();
  return kOk;
}

}  // namespace

const std::string_view kVersion = MORTISE_VERSION;

std::vector<Command> commands() {
  std::vector<Command> all = {
      doctor_command(),
      {"script check",
       "FILE...",
       "Loads scripts in the sandbox and runs their examples.\nA folder stands for the scripts in "
       "it.",
       {},
       script_check},
      {"script preview",
       "FILE",
       "Says what an edited script would change: a mapping in the plans of a connection, a policy "
       "for tiers and accounts.\nActivates nothing, writes nothing. The host must not be running; "
       "a running one answers POST /v1/scripts/check.",
       {{"connection", "ID", "of a mapping: where it is tried"},
        {"plan", "ID", "only this plan; default: all that the connection keeps in step"}},
       script_preview},
      {"plan check",
       "FILE...",
       "Reads plans and says what is wrong where, and when they would end.",
       {},
       plan_check},
      {"preview",
       "",
       "Says what an export would do now, and what it would cost. Writes nothing.",
       {{"connection", "ID", "through which connection"}, {"plan", "ID", "which plan"}},
       preview},
      {"plugin list", "", "Lists connectors, and why others were refused.", {}, plugin_list},
      {"config template",
       "",
       "Prints a configuration with every key, its default and a sentence.",
       {},
       config_template},
      {"version", "", "Prints the version.", {}, version},
  };
  std::vector<Command> keys = key_commands();
  all.insert(all.begin() + 1, keys.begin(), keys.end());
  return all;
}

}  // namespace mortise::app
