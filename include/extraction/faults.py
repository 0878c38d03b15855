"""Which errors are this machine's, and not those of the bytes that were read."""

import errno

_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT}


def is_machine(error: BaseException) -> bool:
    """Whether the disk, memory or a permission is at fault; broken bytes raise OSError too, mostly without a number."""
    return isinstance(error, OSError) and error.errno in _MACHINE


def is_full(error: OSError) -> bool:
    """Whether the volume has no space left."""
    return error.errno in _FULL
