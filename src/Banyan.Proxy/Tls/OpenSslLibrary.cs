using System.Runtime.InteropServices;
using System.Text;

namespace Banyan.Proxy.Tls;

/// <summary>Whether the machine's OpenSSL can be used, and what its errors are called.</summary>
internal static unsafe class OpenSslLibrary
{
    private const uint OldestMajor = 3;
    private const int ReasonMask = 0x7FFFFF;
    private static readonly Lock Gate = new();
    private static volatile bool _ready;

    /// <summary>Loads the library once; thread-safe. Nothing is loaded before the first call.</summary>
    /// <exception cref="TlsException">It is missing or too old; the message says what to install.</exception>
    internal static void Require()
    {
        if (_ready)
        {
            return;
        }

        lock (Gate)
        {
            if (_ready)
            {
                return;
            }

            Load(OpenSsl.Crypto);
            Load(OpenSsl.Ssl);
            CheckVersion(OpenSsl.OpenSSL_version_num());

            // Its handler at exit would free what other threads still use.
            if (OpenSsl.OPENSSL_init_ssl(OpenSsl.InitNoAtExit, 0) != 1)
            {
                throw new TlsException($"OpenSSL cannot be initialised: {LastError()}");
            }

            _ready = true;
        }
    }

    /// <summary>Refuses versions before 3.0; the number is 0xMNN00PP0.</summary>
    /// <exception cref="TlsException">The version is too old.</exception>
    internal static void CheckVersion(nuint number)
    {
        var major = (uint)(number >> 28);
        if (major < OldestMajor)
        {
            throw new TlsException(
                $"OpenSSL {major}.{(uint)(number >> 20) & 0xFF} is too old: TLS needs OpenSSL 3.0 or later (libssl.so.3)");
        }
    }

    /// <summary>The oldest error that waits on this thread, in words; the others are dropped.</summary>
    internal static string LastError() => Text(TakeError());

    /// <summary>The oldest error that waits on this thread, 0 = none; the others are dropped.</summary>
    internal static nuint TakeError()
    {
        var error = OpenSsl.ERR_get_error();
        OpenSsl.ERR_clear_error();
        return error;
    }

    /// <summary>The part of an error that says why; numbers are those of its library.</summary>
    internal static int Reason(nuint error) => (int)(error & ReasonMask);

    internal static string Text(nuint error)
    {
        var text = error == 0 ? null : OpenSsl.ERR_reason_error_string(error);
        return text is not null ? Text(text) : error == 0 ? "no error given" : $"error {error:x}";
    }

    internal static string Text(byte* text) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    private static void Load(string name)
    {
        if (!NativeLibrary.TryLoad(name, typeof(OpenSslLibrary).Assembly, searchPath: null, out _))
        {
            throw new TlsException($"{name} was not found: TLS needs OpenSSL 3 (Debian and Ubuntu: libssl3; Alpine, Fedora: openssl)");
        }
    }
}
