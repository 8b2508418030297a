using System.Text;

namespace Banyan.Control.Sources.Files;

/// <summary>
/// Reads a configuration file whole: strictly UTF-8, at most <see cref="MaxBytes"/>. Safe from any thread.
/// </summary>
public static class FileText
{
    /// <summary>The largest file that is read.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text, or what prevents reading it; both null when the file does not exist.</summary>
    public static Task<(string? Text, string? Error)> ReadAsync(string path, CancellationToken cancel) =>
        Task.Run(() => Read(path), cancel);

    /// <inheritdoc cref="ReadAsync"/>
    public static (string? Text, string? Error) Read(string path)
    {
        try
        {
            using var file = new FileStream(path, new FileStreamOptions
            {
                Access = FileAccess.Read,
                Mode = FileMode.Open,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            });
            return Read(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, null);
        }
        catch (UnauthorizedAccessException)
        {
            return (null, "permission denied");
        }
        catch (IOException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>All that a stream holds, or what is wrong with it.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (string? Text, string? Error) Read(Stream stream)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (stream.Read(buffer) is > 0 and var count)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length > MaxBytes)
            {
                return (null, $"larger than {MaxBytes / (1024 * 1024)} MiB");
            }
        }

        try
        {
            var text = Strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
            return (text.StartsWith('\ufeff') ? text[1..] : text, null);
        }
        catch (DecoderFallbackException)
        {
            return (null, "not UTF-8 text");
        }
    }
}
