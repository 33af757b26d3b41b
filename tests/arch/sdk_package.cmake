# Installs the SDK into a folder of its own, builds copies of the templates against it, runs their
# tests and looks at what the built plugins export. Fails as a stranger's build would.
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

# template(<folder> <id>): builds a copy of an installed template as <id> and looks at the result.
function(template folder id)
  set(build "${WORK_DIR}/build_${id}")
  file(COPY "${WORK_DIR}/prefix/share/mortise-sdk/${folder}/" DESTINATION "${WORK_DIR}/${id}")
  run(${CMAKE_COMMAND} -S "${WORK_DIR}/${id}" -B "${build}" -G "${GENERATOR}"
      -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=Debug
      "-DCMAKE_C_FLAGS=${flags}" "-DCMAKE_CXX_FLAGS=${flags}" "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
  run(${CMAKE_COMMAND} --build "${build}")
  run(${CMAKE_CTEST_COMMAND} --test-dir "${build}" --no-tests=error --output-on-failure)

  execute_process(COMMAND nm -D --defined-only "${build}/plugins/${id}/${id}.so"
                  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
  list(LENGTH lines count)
  if(NOT count EQUAL 1 OR NOT symbols MATCHES "mortise_plugin_entry")
    message(FATAL_ERROR "${id}.so exports more than its entry:\n${symbols}")
  endif()
  if(NOT EXISTS "${build}/plugins/${id}/manifest.json")
    message(FATAL_ERROR "the manifest of ${id} is not beside the library")
  endif()
endfunction()

template(template acme)
template(template_c acme_c)

# What a build tells: a generator of several configurations puts the library into the same place, and
# a symbol that is nowhere is an error of the build, not of the host's start. (Without sanitizers.)
set(build "${WORK_DIR}/build_multi")
run(${CMAKE_COMMAND} -S "${WORK_DIR}/acme_c" -B "${build}" -G "Ninja Multi-Config"
    -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${COMPILER}
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
run(${CMAKE_COMMAND} --build "${build}" --config Release --target acme_c)
if(NOT EXISTS "${build}/plugins/acme_c/acme_c.so")
  message(FATAL_ERROR "with several configurations, the library is not beside its manifest")
endif()
file(APPEND "${WORK_DIR}/acme_c/acme_c.c" "int nowhere(void);\nint mt_unused(void);\nint mt_unused(void) { return nowhere(); }\n")
execute_process(COMMAND ${CMAKE_COMMAND} --build "${build}" --config Debug --target acme_c
                RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
if(code EQUAL 0 OR NOT out MATCHES "nowhere")
  message(FATAL_ERROR "a symbol that is nowhere does not fail the build:\n${out}")
endif()
