# outrigger_protobuf(target file.proto): generates C from it, as a library of its own since it is not
# compiled with our warnings, and links it to the target. Its header is <NAME.pb-c.h>.
find_program(PROTOC_C protoc-c REQUIRED)
outrigger_dependency_pc(protobuf_c libprotobuf-c)

function(outrigger_protobuf target proto)
	cmake_path(GET proto STEM name)
	set(folder "${PROJECT_BINARY_DIR}/protobuf")
	file(MAKE_DIRECTORY "${folder}")
	add_custom_command(OUTPUT "${folder}/${name}.pb-c.c" "${folder}/${name}.pb-c.h"
		COMMAND "${PROTOC_C}" "--proto_path=${PROJECT_SOURCE_DIR}/protocol" "--c_out=${folder}"
			"${PROJECT_SOURCE_DIR}/${proto}"
		DEPENDS "${PROJECT_SOURCE_DIR}/${proto}" VERBATIM)
	add_library(${target}_${name} STATIC "${folder}/${name}.pb-c.c" "${folder}/${name}.pb-c.h")
	target_include_directories(${target}_${name} SYSTEM PUBLIC "${folder}")
	target_link_libraries(${target}_${name} PUBLIC dep_protobuf_c)
	target_link_libraries(${target} PUBLIC ${target}_${name})
endfunction()
