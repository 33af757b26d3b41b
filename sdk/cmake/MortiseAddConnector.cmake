# mortise_add_connector(acme MANIFEST manifest.json SOURCES acme.cpp [LINK libraries...])
#
# Makes the target `acme`: the shared library of a connector, built to plugins/<id>/<id>.so in the build
# tree with its manifest beside it, where <id> is the manifest's. (With a generator of several
# configurations, the one that is built last stands there.) The library shows one symbol,
# mortise_plugin_entry; everything else, also of static libraries it links, stays its own, so that two
# plugins with different versions of one library live in one process. A symbol that is nowhere is an
# error of the build, but not in a build with sanitizers (-fsanitize in the flags or options by then):
# theirs come with the program.
#
# MORTISE_PLUGIN_ID and MORTISE_PLUGIN_VERSION are defined for the sources, as MT_PLUGIN wants them.
#
# mortise_add_connector_test(acme_tests CONNECTOR acme SOURCES acme_tests.cpp [LINK libraries...])
#
# Makes the program `acme_tests` of the connector's sources and these, with the same definitions and
# libraries, and the test of that name (after enable_testing()).

set(MORTISE_SDK_EXPORTS "${CMAKE_CURRENT_LIST_DIR}/exports.map")

# Sets `out` to whether what is added here now is built with sanitizers.
function(_mortise_sanitizes out)
  get_directory_property(compile COMPILE_OPTIONS)
  get_directory_property(link LINK_OPTIONS)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  set(flags ${compile} ${link})
  foreach(name C_FLAGS CXX_FLAGS MODULE_LINKER_FLAGS)
    list(APPEND flags ${CMAKE_${name}} ${CMAKE_${name}_${type}})
  endforeach()
  set(${out} OFF PARENT_SCOPE)
  if("${flags}" MATCHES "-fsanitize")
    set(${out} ON PARENT_SCOPE)
  endif()
endfunction()

function(mortise_add_connector name)
  cmake_parse_arguments(arg "" "MANIFEST" "SOURCES;LINK" ${ARGN})
  if(NOT arg_MANIFEST OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mortise_add_connector(<target> MANIFEST <file> SOURCES <file>... [LINK <library>...])")
  endif()
  get_filename_component(manifest "${arg_MANIFEST}" ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest}")
  file(READ "${manifest}" text)
  foreach(field id version)
    string(JSON ${field} ERROR_VARIABLE problem GET "${text}" ${field})
    if(problem)
      message(FATAL_ERROR "${arg_MANIFEST}: ${field}: ${problem}")
    endif()
  endforeach()

  set(folder "${CMAKE_BINARY_DIR}/plugins/${id}")
  set(definitions MORTISE_PLUGIN_ID="${id}" MORTISE_PLUGIN_VERSION="${version}")
  set(sources "")
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(source "${source}" ABSOLUTE)
    list(APPEND sources "${source}")
  endforeach()
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE Mortise::sdk ${arg_LINK})
  target_compile_definitions(${name} PRIVATE ${definitions})
  target_link_options(${name} PRIVATE -Wl,--version-script=${MORTISE_SDK_EXPORTS}
                                      -Wl,--exclude-libs,ALL)
  _mortise_sanitizes(sanitizes)
  if(NOT sanitizes)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  # As a generator expression, the folder is taken as it is: no configuration's name is appended.
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME "${id}"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY "$<1:${folder}>"
    LINK_DEPENDS "${MORTISE_SDK_EXPORTS}"
    MORTISE_PLUGIN_FOLDER "${folder}"
    MORTISE_PLUGIN_SOURCES "${sources}"
    MORTISE_PLUGIN_LINK "${arg_LINK}"
    MORTISE_PLUGIN_DEFINITIONS "${definitions}")
  configure_file("${manifest}" "${folder}/manifest.json" COPYONLY)
endfunction()

function(mortise_add_connector_test name)
  cmake_parse_arguments(arg "" "CONNECTOR" "SOURCES;LINK" ${ARGN})
  if(NOT TARGET "${arg_CONNECTOR}" OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mortise_add_connector_test(<target> CONNECTOR <target> SOURCES <file>... [LINK <library>...])")
  endif()
  get_target_property(sources ${arg_CONNECTOR} MORTISE_PLUGIN_SOURCES)
  get_target_property(link ${arg_CONNECTOR} MORTISE_PLUGIN_LINK)
  get_target_property(definitions ${arg_CONNECTOR} MORTISE_PLUGIN_DEFINITIONS)
  add_executable(${name} ${arg_SOURCES} ${sources})
  target_link_libraries(${name} PRIVATE Mortise::sdk ${link} ${arg_LINK})
  target_compile_definitions(${name} PRIVATE ${definitions})
  add_test(NAME ${name} COMMAND ${name})
endfunction()
