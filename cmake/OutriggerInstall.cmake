# What is installed. Component runtime: the server; dev: what plugins in C are built with, the public
# header, a pkg-config and a CMake package file.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(GLOB headers CONFIGURE_DEPENDS pdk-bridge/outrigger*.h)
install(FILES ${headers} pdk-bridge/pdk.def
	DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/outrigger" COMPONENT dev)

# The prefix is found from the place of the file, so that the tree can be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
	BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" OUTPUT_VARIABLE OUTRIGGER_PC_PREFIX)
configure_file(cmake/outrigger.pc.in outrigger.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/outrigger.pc"
	DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/outrigger")
configure_package_config_file(cmake/outriggerConfig.cmake.in outriggerConfig.cmake
	INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(outriggerConfigVersion.cmake
	VERSION "${PROJECT_VERSION}" COMPATIBILITY SameMinorVersion)
install(FILES
	"${PROJECT_BINARY_DIR}/outriggerConfig.cmake"
	"${PROJECT_BINARY_DIR}/outriggerConfigVersion.cmake"
	"${PROJECT_SOURCE_DIR}/cmake/outrigger.map"
	DESTINATION "${package_dir}" COMPONENT dev)

# The manual and the shells' completion are printed by the program, from its tables.
set(printed "${PROJECT_BINARY_DIR}/printed")
file(MAKE_DIRECTORY "${printed}")
function(outrigger_print file)
	add_custom_command(OUTPUT "${printed}/${file}"
		COMMAND outrigger ${ARGN} > "${printed}/${file}"
		DEPENDS outrigger VERBATIM)
	set_property(GLOBAL APPEND PROPERTY outrigger_printed "${printed}/${file}")
endfunction()
outrigger_print(outrigger.1 man-page outrigger.1)
outrigger_print(outrigger.conf.5 man-page outrigger.conf.5)
outrigger_print(outrigger completion bash)
outrigger_print(_outrigger completion zsh)
get_property(printed_files GLOBAL PROPERTY outrigger_printed)
add_custom_target(outrigger_printed ALL DEPENDS ${printed_files})

install(FILES "${printed}/outrigger.1"
	DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT runtime)
install(FILES "${printed}/outrigger.conf.5"
	DESTINATION "${CMAKE_INSTALL_MANDIR}/man5" COMPONENT runtime)
install(FILES "${printed}/outrigger"
	DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT runtime)
install(FILES "${printed}/_outrigger"
	DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions" COMPONENT runtime)

# systemd reads units below /usr and /usr/local.
file(READ packaging/service.inc service)
string(CONFIGURE "${service}" OUTRIGGER_SERVICE @ONLY)
string(STRIP "${OUTRIGGER_SERVICE}" OUTRIGGER_SERVICE)
foreach(unit outrigger.service outrigger-standin.service)
	configure_file(packaging/${unit}.in ${unit} @ONLY)
	install(FILES "${PROJECT_BINARY_DIR}/${unit}" DESTINATION lib/systemd/system COMPONENT runtime)
endforeach()

# The program reads it in /etc alone, where only a package puts something.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
	set(conf_dir /etc/outrigger)
else()
	set(conf_dir "${CMAKE_INSTALL_DATADIR}/outrigger")
endif()
install(FILES packaging/outrigger.conf DESTINATION "${conf_dir}" COMPONENT runtime)

# Not in share/doc, which container images leave out. The example gateway reads the .proto beside the examples.
install(DIRECTORY examples DESTINATION "${CMAKE_INSTALL_DATADIR}/outrigger"
	USE_SOURCE_PERMISSIONS COMPONENT runtime
	PATTERN __pycache__ EXCLUDE PATTERN build EXCLUDE)
install(FILES protocol/pluginsocket.proto
	DESTINATION "${CMAKE_INSTALL_DATADIR}/outrigger/protocol" COMPONENT runtime)
install(FILES README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
install(FILES LICENSE RENAME copyright DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime
	FILES_MATCHING PATTERN "*.md" PATTERN adr EXCLUDE)
