/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * h264 - encodes a generated film with libx264, in one thread and without
 * assembler routines: the work of SPEC's 464.h264ref.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <x264.h>

#define WIDTH 96
#define HEIGHT 80

/* A pattern that moves, and one that flickers. */
static uint8_t shade(int x, int y, int frame)
{
	uint32_t noise = (uint32_t)(x * 7919 + y * 104729 + frame * 1299709) * 2654435761u;

	return (uint8_t)(((x + 2 * frame) * (y + frame) / 16 & 127) + (noise >> 28));
}

int main(int argc, char **argv)
{
	int frames = argc == 2 ? atoi(argv[1]) : 0, count;
	x264_param_t param;
	x264_picture_t in, out;
	x264_nal_t *nal;
	x264_t *encoder;

	if (frames <= 0 || x264_param_default_preset(&param, "medium", NULL)) {
		fprintf(stderr, "usage: h264 FRAMES\n");
		return 2;
	}
	param.cpu = 0;
	param.i_threads = 1;
	param.i_lookahead_threads = 1;
	param.i_sync_lookahead = 0;
	param.b_deterministic = 1;
	param.i_log_level = X264_LOG_NONE;
	param.i_width = WIDTH;
	param.i_height = HEIGHT;
	param.i_csp = X264_CSP_I420;
	param.rc.i_rc_method = X264_RC_CQP;
	param.rc.i_qp_constant = 26;
	encoder = x264_encoder_open(&param);
	if (!encoder || x264_picture_alloc(&in, X264_CSP_I420, WIDTH, HEIGHT))
		return 3;
	for (int frame = 0; ; frame++) {
		int bytes;

		if (frame < frames) {
			for (int plane = 0; plane < 3; plane++)
				for (int y = 0; y < HEIGHT >> !!plane; y++)
					for (int x = 0; x < WIDTH >> !!plane; x++)
						in.img.plane[plane][y * in.img.i_stride[plane] + x] =
							shade(x << !!plane, y << !!plane, frame + plane);
			in.i_pts = frame;
		} else if (!x264_encoder_delayed_frames(encoder)) {
			break;
		}
		bytes = x264_encoder_encode(encoder, &nal, &count, frame < frames ? &in : NULL, &out);
		if (bytes < 0)
			return 3;
		if (bytes)
			fwrite(nal->p_payload, 1, (size_t)bytes, stdout);
	}
	x264_encoder_close(encoder);
	return 0;
}
