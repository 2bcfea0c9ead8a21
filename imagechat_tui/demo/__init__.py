"""The picture that `imagechat demo` opens."""
