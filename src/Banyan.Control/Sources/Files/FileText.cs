using System.Text;

namespace Banyan.Control.Sources.Files;

/// <summary>Reads a configuration file whole.</summary>
internal static class FileText
{
    /// <summary>The largest file that is read.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text, or what prevents reading it; both null when the file does not exist.</summary>
    public static async Task<(string? Text, string? Error)> ReadAsync(string path, CancellationToken cancel)
    {
        try
        {
            await using var file = new FileStream(path, new FileStreamOptions
            {
                Access = FileAccess.Read,
                Mode = FileMode.Open,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            });
            if (file.Length > MaxBytes)
            {
                return (null, $"larger than {MaxBytes / (1024 * 1024)} MiB");
            }

            using var bytes = new MemoryStream((int)file.Length);
            await file.CopyToAsync(bytes, cancel);
            var text = Strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
            return (text.StartsWith('\ufeff') ? text[1..] : text, null);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, null);
        }
        catch (DecoderFallbackException)
        {
            return (null, "not UTF-8 text");
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
}
