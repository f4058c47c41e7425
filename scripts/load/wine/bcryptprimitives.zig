//! Stands in for a library of Windows that Wine 8 lacks. Rust's standard library draws random numbers from it.
extern "advapi32" fn SystemFunction036(data: [*]u8, size: u32) callconv(.winapi) u8;

export fn ProcessPrng(data: [*]u8, size: usize) callconv(.winapi) c_int {
    return SystemFunction036(data, @intCast(size));
}
