# SPDX-License-Identifier: LGPL-2.1-or-later
#
# find_package(Perfctr) gives the target Perfctr::perfctr.
get_filename_component(_perfctr_libdir "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
get_filename_component(_perfctr_prefix "${_perfctr_libdir}/.." ABSOLUTE)

if(NOT TARGET Perfctr::perfctr)
  add_library(Perfctr::perfctr SHARED IMPORTED)
  set_target_properties(Perfctr::perfctr PROPERTIES
    IMPORTED_LOCATION "${_perfctr_libdir}/libperfctr.so.1"
    IMPORTED_SONAME "libperfctr.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${_perfctr_prefix}/include")
endif()

unset(_perfctr_libdir)
unset(_perfctr_prefix)
