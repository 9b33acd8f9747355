# Every library we use, each behind a target dep_*. Debian packages only.

find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# outrigger_dependency(name HEADER header [LIBRARY library]): one that has no pkg-config file.
function(outrigger_dependency name)
	cmake_parse_arguments(ARG "" "HEADER;LIBRARY" "" ${ARGN})
	find_path(${name}_INCLUDE_DIR ${ARG_HEADER} REQUIRED)
	add_library(dep_${name} INTERFACE)
	target_include_directories(dep_${name} SYSTEM INTERFACE "${${name}_INCLUDE_DIR}")
	if(ARG_LIBRARY)
		find_library(${name}_LIBRARY ${ARG_LIBRARY} REQUIRED)
		target_link_libraries(dep_${name} INTERFACE "${${name}_LIBRARY}")
	endif()
endfunction()

# outrigger_dependency_pc(name module): one that pkg-config knows.
function(outrigger_dependency_pc name module)
	pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
	add_library(dep_${name} INTERFACE)
	target_link_libraries(dep_${name} INTERFACE PkgConfig::${name})
endfunction()

outrigger_dependency(uthash HEADER uthash.h)
outrigger_dependency(libev HEADER ev.h LIBRARY ev)
outrigger_dependency_pc(jansson jansson)
outrigger_dependency_pc(msgpack msgpack)
outrigger_dependency_pc(microhttpd libmicrohttpd)
outrigger_dependency_pc(curl libcurl)
outrigger_dependency_pc(seccomp libseccomp)
outrigger_dependency_pc(pcre2 libpcre2-8)
outrigger_dependency_pc(crypto libcrypto)
outrigger_dependency_pc(zlib zlib)
outrigger_dependency(xxhash HEADER xxhash.h)

# Both are linked as shared libraries: Lua C modules (lua-cjson, rocks) then find lua_* in them.
if(OUTRIGGER_LUA STREQUAL "luajit")
	outrigger_dependency_pc(lua luajit)
	target_compile_definitions(dep_lua INTERFACE OUTRIGGER_LUAJIT)
elseif(OUTRIGGER_LUA STREQUAL "lua51")
	outrigger_dependency_pc(lua lua5.1)
	target_compile_definitions(dep_lua INTERFACE OUTRIGGER_LUA51)
else()
	message(FATAL_ERROR "OUTRIGGER_LUA must be luajit or lua51, not '${OUTRIGGER_LUA}'")
endif()

add_library(dep_fiber INTERFACE)
if(OUTRIGGER_FIBER STREQUAL "fcontext")
	# Static, for its C entry points make_fcontext and jump_fcontext: no C++ comes along.
	find_library(BOOST_CONTEXT_LIBRARY libboost_context.a REQUIRED)
	target_link_libraries(dep_fiber INTERFACE "${BOOST_CONTEXT_LIBRARY}")
	target_compile_definitions(dep_fiber INTERFACE OUTRIGGER_FIBER_FCONTEXT)
elseif(OUTRIGGER_FIBER STREQUAL "ucontext")
	target_compile_definitions(dep_fiber INTERFACE OUTRIGGER_FIBER_UCONTEXT)
else()
	message(FATAL_ERROR "OUTRIGGER_FIBER must be fcontext or ucontext, not '${OUTRIGGER_FIBER}'")
endif()
