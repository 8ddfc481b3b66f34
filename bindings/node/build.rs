//! What a native module of Node needs from the linker.

fn main() {
    napi_build::setup();
}
