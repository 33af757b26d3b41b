# cmake -P npm_packages.cmake: what package-lock.json pins, installed unless it is there already.
set(lock ${CMAKE_CURRENT_LIST_DIR}/package-lock.json)
set(installed ${CMAKE_CURRENT_LIST_DIR}/node_modules/.package-lock.json)
if(EXISTS ${installed} AND NOT ${lock} IS_NEWER_THAN ${installed})
  message(STATUS "node_modules is up to date")
  return()
endif()
find_program(NPM npm REQUIRED)
execute_process(COMMAND ${NPM} ci --no-audit --no-fund WORKING_DIRECTORY ${CMAKE_CURRENT_LIST_DIR}
                COMMAND_ERROR_IS_FATAL ANY)
file(TOUCH ${installed})
