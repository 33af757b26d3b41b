# Installs the SDK into a folder of its own, builds a copy of the template against it, runs the
# template's tests and looks at what the built plugin exports. Fails as a stranger's build would.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    string(JOIN " " line ${ARGV})
    message(FATAL_ERROR "failed: ${line}\n${out}")
  endif()
endfunction()

set(flags "-Werror")
if(SANITIZE)
  string(APPEND flags " -fsanitize=${SANITIZE} -fno-sanitize-recover=all")
endif()
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --component sdk --prefix "${WORK_DIR}/prefix")
file(COPY "${WORK_DIR}/prefix/share/mortise-sdk/template/" DESTINATION "${WORK_DIR}/acme")
run(${CMAKE_COMMAND} -S "${WORK_DIR}/acme" -B "${WORK_DIR}/build" -G "${GENERATOR}"
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS=${flags}"
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/build")
run("${WORK_DIR}/build/acme_tests")

execute_process(COMMAND nm -D --defined-only "${WORK_DIR}/build/plugins/acme/acme.so"
                OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
list(LENGTH lines count)
if(NOT count EQUAL 1 OR NOT symbols MATCHES "mortise_plugin_entry")
  message(FATAL_ERROR "acme.so exports more than its entry:\n${symbols}")
endif()
if(NOT EXISTS "${WORK_DIR}/build/plugins/acme/manifest.json")
  message(FATAL_ERROR "the manifest is not beside the library")
endif()
