'use client';

/** The application's own half. It does without Tidewire. */
export function Shown({ lines, state }) {
  return (
    <>
      <output>{state}</output>
      <ol>
        {lines.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ol>
    </>
  );
}
