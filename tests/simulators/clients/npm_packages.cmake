# cmake [-DFOLDER=...] -P npm_packages.cmake: what the folder's package-lock.json pins, installed unless it is there
# already. The folder is this one if none is given.
if(NOT FOLDER)
  set(FOLDER ${CMAKE_CURRENT_LIST_DIR})
endif()
set(lock ${FOLDER}/package-lock.json)
set(installed ${FOLDER}/node_modules/.package-lock.json)
if(EXISTS ${installed} AND NOT ${lock} IS_NEWER_THAN ${installed})
  message(STATUS "node_modules is up to date")
  return()
endif()
find_program(NPM npm REQUIRED)
execute_process(COMMAND ${NPM} ci --no-audit --no-fund WORKING_DIRECTORY ${FOLDER}
                COMMAND_ERROR_IS_FATAL ANY)
file(TOUCH ${installed})
