export function Lighthouse({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d="M9.800 10.200h4.400L15.600 21H8.400z" fill="#fff" />
      <path d="M9.200 14.600h5.600l.3 2.400H8.900z" fill="#0a6ebd" />
      <path d="M10 6.500h4v2.900h-4z" fill="#f5a623" />
      <path d="M9.300 6.300 12 4l2.700 2.300z" fill="#fff" />
      <path d="M9 6.900 2.500 4.800v5.600L9 9zM15 6.900l6.500-2.100v5.600L15 9z" fill="#f5a623" opacity=".7" />
    </svg>
  );
}
