# mortise_add_connector(acme MANIFEST manifest.json SOURCES acme.cpp [LINK libraries...])
#
# Makes the target `acme`: the shared library of a connector, built to plugins/<id>/<id>.so in the build
# tree with its manifest beside it, where <id> is the manifest's. The library shows one symbol,
# mortise_plugin_entry; everything else, also of static libraries it links, stays its own, so that two
# plugins with different versions of one library live in one process.
#
# MORTISE_PLUGIN_ID and MORTISE_PLUGIN_VERSION are defined for the sources, as MT_PLUGIN wants them.

set(MORTISE_SDK_EXPORTS "${CMAKE_CURRENT_LIST_DIR}/exports.map")

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
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE Mortise::sdk ${arg_LINK})
  target_compile_definitions(${name} PRIVATE MORTISE_PLUGIN_ID="${id}"
                                             MORTISE_PLUGIN_VERSION="${version}")
  target_link_options(${name} PRIVATE -Wl,--version-script=${MORTISE_SDK_EXPORTS}
                                      -Wl,--exclude-libs,ALL)
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME "${id}"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY "${folder}"
    LINK_DEPENDS "${MORTISE_SDK_EXPORTS}"
    MORTISE_PLUGIN_FOLDER "${folder}")
  configure_file("${manifest}" "${folder}/manifest.json" COPYONLY)
endfunction()
