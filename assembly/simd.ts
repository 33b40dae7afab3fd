// What all kernels share: addresses and sums of vectors, generic in the precision T (f64 or f32). All pointers are byte
// offsets into the imported memory, all matrices are row-major, and nothing here allocates.

/** Numbers of type T in one 16-byte vector. */
// @ts-ignore: decorator
@inline
export function lanes<T extends number>(): i32 {
  return 16 / <i32>sizeof<T>()
}

/** Address of element `index` of an array of T at `base`. */
// @ts-ignore: decorator
@inline
export function at<T extends number>(base: usize, index: i32): usize {
  return base + <usize>index * sizeof<T>()
}

/** The sum of the lanes of a vector, always in the same order. */
// @ts-ignore: decorator
@inline
export function sumLanes<T extends number>(v: v128): T {
  if (sizeof<T>() == 8) return <T>(f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1))
  return <T>(
    (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2)) + (f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3))
  )
}

/** a + b c, rounded twice. */
// @ts-ignore: decorator
@inline
export function mulAdd<T extends number>(a: v128, b: v128, c: v128): v128 {
  return v128.add<T>(a, v128.mul<T>(b, c))
}
