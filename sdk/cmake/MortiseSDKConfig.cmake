# find_package(MortiseSDK 1): the target Mortise::sdk and the function mortise_add_connector().
include("${CMAKE_CURRENT_LIST_DIR}/MortiseSDKTargets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/MortiseAddConnector.cmake")
