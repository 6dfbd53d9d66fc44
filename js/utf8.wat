;; UTF-8 to a string, by the string builtins that WebAssembly has in newer engines: a call costs a
;; quarter of one of TextDecoder, and what is not ASCII takes two thirds of its time. Rust cannot write
;; this: the builtins take an array of the engine's, not memory.
(module
  (type $units (array (mut i16)))
  (import "wasm:js-string" "fromCharCodeArray"
    (func $string (param (ref null $units) i32 i32) (result (ref extern))))
  (import "tidewire" "memory" (memory 0))

  ;; Room for UTF-16, used again. Eight units more than a text has bytes: of ASCII, eight are written
  ;; at once, whether or not all are there.
  (global $room (mut (ref $units)) (array.new_default $units (i32.const 0)))

  ;; The text that begins here, of so many bytes. Null if they are not UTF-8, or more than 256 KiB, or
  ;; near the memory's end: eight bytes are read at once.
  (func (export "decode") (param $at i32) (param $length i32) (result externref)
    (local $end i32)
    ;; Up to here, eight bytes are left.
    (local $safe i32)
    (local $left i32)
    (local $to (ref $units))
    ;; Units so far.
    (local $n i32)
    ;; The bytes that come next, the first of them lowest, and the first four of these.
    (local $eight i64)
    (local $four i32)
    (local $high i64)
    (local $code i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (local.set $safe (i32.sub (local.get $end) (i32.const 8)))
    (block $none
      (br_if $none (i32.gt_u (local.get $length) (i32.const 0x40000)))
      (br_if $none (i32.gt_u
        (i32.add (local.get $end) (i32.const 8))
        (i32.shl (memory.size) (i32.const 16))))
      (if (i32.gt_u (i32.add (local.get $length) (i32.const 8)) (array.len (global.get $room)))
        (then (global.set $room
          (array.new_default $units (i32.add (local.get $length) (i32.const 4096))))))
      (local.set $to (global.get $room))
      (block $done
        (loop $next
          (if (i32.le_u (local.get $at) (local.get $safe))
            (then (local.set $eight (i64.load align=1 (local.get $at))))
            (else
              (local.set $left (i32.sub (local.get $end) (local.get $at)))
              (br_if $done (i32.le_s (local.get $left) (i32.const 0)))
              ;; What lies behind the end becomes NULs.
              (local.set $eight (i64.and
                (i64.load align=1 (local.get $at))
                (i64.sub
                  (i64.shl
                    (i64.const 1)
                    (i64.extend_i32_u (i32.shl (local.get $left) (i32.const 3))))
                  (i64.const 1))))))
          (local.set $four (i32.wrap_i64 (local.get $eight)))

          ;; Three bytes: 1110xxxx 10xxxxxx 10xxxxxx, from U+0800 on, and no surrogate.
          (if (i32.eq (i32.and (local.get $four) (i32.const 0xC0C0F0)) (i32.const 0x8080E0))
            (then
              (local.set $code (i32.or
                (i32.or
                  (i32.and (i32.shl (local.get $four) (i32.const 12)) (i32.const 0xF000))
                  (i32.and (i32.shr_u (local.get $four) (i32.const 2)) (i32.const 0xFC0)))
                (i32.and (i32.shr_u (local.get $four) (i32.const 16)) (i32.const 0x3F))))
              (br_if $none (i32.lt_u (local.get $code) (i32.const 0x800)))
              (br_if $none (i32.eq
                (i32.and (local.get $code) (i32.const 0xF800))
                (i32.const 0xD800)))
              (array.set $units (local.get $to) (local.get $n) (local.get $code))
              (local.set $n (i32.add (local.get $n) (i32.const 1)))
              (local.set $at (i32.add (local.get $at) (i32.const 3)))
              (br $next)))

          ;; ASCII: all of the eight bytes is written, and it counts up to the first that is not.
          (if (i32.eqz (i32.and (local.get $four) (i32.const 0x80)))
            (then
              (array.set $units (local.get $to) (local.get $n)
                (i32.and (i32.wrap_i64 (local.get $eight)) (i32.const 0x7F)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 1))
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 8))) (i32.const 0x7F)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 2))
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 16))) (i32.const 0x7F)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 3))
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 24))) (i32.const 0x7F)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 4))
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 32))) (i32.const 0x7F)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 5))
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 40))) (i32.const 0x7F)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 6))
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 48))) (i32.const 0x7F)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 7))
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 56))) (i32.const 0x7F)))
              (local.set $high (i64.and (local.get $eight) (i64.const 0x8080808080808080)))
              (if (i64.eqz (local.get $high))
                (then
                  (local.set $n (i32.add (local.get $n) (i32.const 8)))
                  (local.set $at (i32.add (local.get $at) (i32.const 8)))
                  (br $next)))
              (local.set $code (i32.wrap_i64
                (i64.shr_u (i64.ctz (local.get $high)) (i64.const 3))))
              (local.set $n (i32.add (local.get $n) (local.get $code)))
              (local.set $at (i32.add (local.get $at) (local.get $code)))
              (br $next)))

          ;; Four bytes: 11110xxx 10xxxxxx 10xxxxxx 10xxxxxx, from U+10000 to U+10FFFF, two units.
          (if (i32.eq (i32.and (local.get $four) (i32.const 0xC0C0C0F8)) (i32.const 0x808080F0))
            (then
              (local.set $code (i32.sub
                (i32.or
                  (i32.or
                    (i32.and (i32.shl (local.get $four) (i32.const 18)) (i32.const 0x1C0000))
                    (i32.and (i32.shl (local.get $four) (i32.const 4)) (i32.const 0x3F000)))
                  (i32.or
                    (i32.and (i32.shr_u (local.get $four) (i32.const 10)) (i32.const 0xFC0))
                    (i32.and (i32.shr_u (local.get $four) (i32.const 24)) (i32.const 0x3F))))
                (i32.const 0x10000)))
              (br_if $none (i32.ge_u (local.get $code) (i32.const 0x100000)))
              (array.set $units (local.get $to) (local.get $n)
                (i32.or (i32.shr_u (local.get $code) (i32.const 10)) (i32.const 0xD800)))
              (array.set $units (local.get $to) (i32.add (local.get $n) (i32.const 1))
                (i32.or (i32.and (local.get $code) (i32.const 0x3FF)) (i32.const 0xDC00)))
              (local.set $n (i32.add (local.get $n) (i32.const 2)))
              (local.set $at (i32.add (local.get $at) (i32.const 4)))
              (br $next)))

          ;; Two bytes: 110xxxxx 10xxxxxx, from U+0080 on. Or else it is not UTF-8.
          (br_if $none (i32.ne
            (i32.and (local.get $four) (i32.const 0xC0E0))
            (i32.const 0x80C0)))
          (local.set $code (i32.or
            (i32.and (i32.shl (local.get $four) (i32.const 6)) (i32.const 0x7C0))
            (i32.and (i32.shr_u (local.get $four) (i32.const 8)) (i32.const 0x3F))))
          (br_if $none (i32.lt_u (local.get $code) (i32.const 0x80)))
          (array.set $units (local.get $to) (local.get $n) (local.get $code))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (br $next)))
      ;; The NULs behind the end were counted, too.
      (return (call $string
        (local.get $to)
        (i32.const 0)
        (i32.add (local.get $n) (local.get $left)))))
    (ref.null extern)))
