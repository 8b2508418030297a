using System.Runtime.InteropServices;
using System.Text;

namespace Banyan.Tests.Wire.Http2;

/// <summary>The decoder of libnghttp2, which comes with curl: what somebody else makes of a block.</summary>
internal sealed unsafe class NativeHpack : IDisposable
{
    private const string Library = "libnghttp2.so.14";
    private const int Final = 1;
    private const int Emit = 2;

    private readonly nint _inflater;

    public NativeHpack()
    {
        if (New(out _inflater) != 0)
        {
            throw new InvalidOperationException("nghttp2_hd_inflate_new failed");
        }
    }

    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out _);

    /// <returns>The fields, or null when the block is refused; the decoder must not be used again then.</returns>
    public List<(string Name, string Value)>? Inflate(byte[] block)
    {
        var fields = new List<(string Name, string Value)>();
        fixed (byte* start = block)
        {
            var rest = start;
            var length = (nint)block.Length;
            while (true)
            {
                Field field;
                int flags;
                var read = Inflate(_inflater, &field, &flags, rest, length, 1);
                if (read < 0)
                {
                    return null;
                }

                rest += read;
                length -= read;
                if ((flags & Emit) != 0)
                {
                    fields.Add((Text(field.Name, field.NameLength), Text(field.Value, field.ValueLength)));
                }

                if ((flags & Final) != 0)
                {
                    _ = End(_inflater);
                    return fields;
                }
            }
        }
    }

    public void Dispose() => Delete(_inflater);

    private static string Text(byte* bytes, nint length) => Encoding.Latin1.GetString(bytes, (int)length);

#pragma warning disable SYSLIB1054 // source generation is for products
    [DllImport(Library, EntryPoint = "nghttp2_hd_inflate_new")]
    private static extern int New(out nint inflater);

    [DllImport(Library, EntryPoint = "nghttp2_hd_inflate_del")]
    private static extern void Delete(nint inflater);

    [DllImport(Library, EntryPoint = "nghttp2_hd_inflate_hd2")]
    private static extern nint Inflate(nint inflater, Field* field, int* flags, byte* block, nint length, int final);

    [DllImport(Library, EntryPoint = "nghttp2_hd_inflate_end_headers")]
    private static extern int End(nint inflater);
#pragma warning restore SYSLIB1054

    [StructLayout(LayoutKind.Sequential)]
    private struct Field
    {
        public byte* Name;
        public byte* Value;
        public nint NameLength;
        public nint ValueLength;
        public byte Flags;
    }
}
