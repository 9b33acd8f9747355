# Debian packages, by cpack in build/package: outrigger, and outrigger-dev to build plugins in C. ADR 16.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME outrigger)
set(CPACK_PACKAGE_CONTACT "The Outrigger authors <outrigger@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "plugin server that runs Lua and C plugins beside Kong Gateway")
set(CPACK_COMPONENTS_ALL runtime dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# The configuration is below /etc, not below the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME outrigger)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION net)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS adduser)
if(OUTRIGGER_LUA STREQUAL "luajit")
	# Its shlibs file lets Debian's other LuaJIT do as well, which lacks what plugins find in Kong's (ADR 2).
	string(APPEND CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS ", libluajit2-5.1-2")
endif()
# Libraries that are loaded late: nobody else sees them.
find_program(DPKG_QUERY dpkg-query)
get_property(late_files GLOBAL PROPERTY outrigger_late_files)
foreach(file IN LISTS late_files)
	if(DPKG_QUERY)
		execute_process(COMMAND "${DPKG_QUERY}" -S "${file}" OUTPUT_VARIABLE owner)
		if(owner MATCHES "^([^:]+):")
			string(APPEND CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS ", ${CMAKE_MATCH_1}")
		endif()
	endif()
endforeach()
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS
	"nginx, libnginx-mod-http-lua, lua-cjson, lua-messagepack, lua-yaml, curl")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION
"Kong names Outrigger in pluginserver_names, sends it each phase of each request
over a Unix socket, and answers every call that a plugin makes. Plugins are
those that Kong runs itself, unchanged, each in a process of its own, and can
neither crash the gateway nor be skipped when they fail.")
file(GLOB scripts CONFIGURE_DEPENDS packaging/debian/*)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${scripts})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME outrigger-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "outrigger, pkg-config, cmake")
set(CPACK_DEBIAN_DEV_DESCRIPTION
"What plugins in C and C++ for Outrigger are built with: the header outrigger.h,
a pkg-config file and a CMake package. A plugin is linked with no library.")
include(CPack)
