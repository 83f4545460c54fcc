# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034
# The sources that the patch series are made for. Each file with its SHA-256.
QEMU_VERSION='1:7.2+dfsg-7+deb12u18'
QEMU_FILES='
91aca71520040edc40b8d437aa3004dae614f58e286cf653ee8996c07af2962f qemu_7.2+dfsg.orig.tar.xz
28a1c86310ee53b6bf1854cffe6f6be6ed29a08db7d05759f8ac57b8d6a6cb2f qemu_7.2+dfsg-7+deb12u18.debian.tar.xz
6b6bd27b947ec89e40a1d6b26d9c9f3c698ca691da13163e0483f6061bbb20b3 qemu_7.2+dfsg-7+deb12u18.dsc'

XEN_VERSION='4.17.5+72-g01140da4e8-1'
XEN_FILES='
53922f4d0a02c577f2ea9d63f65989cd88715779eebeed879ca1d314103ee06e xen_4.17.5+72-g01140da4e8.orig.tar.xz
5bcf3812c64585e270e0b3fa6ee8fd16dff7b9bc0f61375d648c64672484c4d9 xen_4.17.5+72-g01140da4e8-1.debian.tar.xz
f13956b67fb7a65707c2b0620d89b41ee5d203434dd7bb913017356791ee66c1 xen_4.17.5+72-g01140da4e8-1.dsc'
