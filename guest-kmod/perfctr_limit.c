// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: how many threads a user may have counted at a time
 *
 * A context is kernel memory that outlives the system call that made it, and
 * with inheritance a fork makes one; so they are limited like processes.
 */
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "perfctr.h"

static DEFINE_HASHTABLE(pc_users, 6);
static DEFINE_SPINLOCK(pc_users_lock);

/**
 * pc_user_charge() - account for one more context
 * @uid:	who pays
 * @privileged:	count it, but do not refuse
 *
 * Return: the account, or NULL when it is full.
 */
struct pc_user *pc_user_charge(kuid_t uid, bool privileged)
{
	struct pc_user *user, *fresh;

	fresh = kzalloc(sizeof(*fresh), GFP_ATOMIC | __GFP_NOWARN);
	spin_lock(&pc_users_lock);
	hash_for_each_possible(pc_users, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			goto found;
	user = fresh;
	if (!user)
		goto out;
	fresh = NULL;
	user->uid = uid;
	hash_add(pc_users, &user->node, __kuid_val(uid));
found:
	if (user->threads && user->threads >= pc_max_threads_per_user &&
	    !privileged)
		user = NULL;
	else
		user->threads++;
out:
	spin_unlock(&pc_users_lock);
	kfree(fresh);
	return user;
}

/**
 * pc_user_uncharge() - account for one context less
 * @user:	the account
 */
void pc_user_uncharge(struct pc_user *user)
{
	spin_lock(&pc_users_lock);
	if (--user->threads)
		user = NULL;
	else
		hash_del(&user->node);
	spin_unlock(&pc_users_lock);
	kfree(user);
}
