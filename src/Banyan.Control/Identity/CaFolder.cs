namespace Banyan.Control.Identity;

/// <summary>
/// The files of the authority, <c>ca/</c> in the state directory: readable by their owner alone, replaced whole.
/// </summary>
internal sealed class CaFolder
{
    private const UnixFileMode PrivateFolder =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>A file of more is none of ours.</summary>
    private const int MostBytes = 1024 * 1024;

    /// <param name="state">The state directory.</param>
    /// <param name="name">Its name there.</param>
    public CaFolder(string state, string name) => Path = System.IO.Path.Combine(state, name);

    /// <summary>The root's certificate.</summary>
    public const string Root = "root.pem";

    /// <summary>The root's key; absent while the root is offline.</summary>
    public const string RootKey = "root.key";

    /// <summary>The issuing certificate and what leads from it to the root; and its key, if it is not apart.</summary>
    public const string Issuing = "issuing.pem";

    /// <summary>The issuing key, where it was brought apart from the certificate.</summary>
    public const string IssuingKey = "issuing.key";

    /// <summary>The key of a request for an issuing certificate that somebody else signs.</summary>
    public const string RequestedKey = "requested.key";

    /// <summary>What is trusted beside the root; may be absent.</summary>
    public const string Anchors = "anchors.pem";

    private static readonly string[] All = [Root, RootKey, Issuing, IssuingKey, Anchors];

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Whether there is an authority.</summary>
    public bool Exists => Directory.Exists(Path);

    /// <summary>The path of a file.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Changes whenever one of the files does; looks at no content.</summary>
    public string Stamp() => string.Join(' ', All.Select(name => new FileInfo(this[name])).Select(file =>
        file.Exists ? $"{file.LastWriteTimeUtc.Ticks}:{file.Length}:{(int)file.UnixFileMode}" : "-"));

    /// <summary>A file's text; null when it does not exist.</summary>
    /// <exception cref="CaException">
    /// Others may read what is secret or write what is not, or it cannot be read.
    /// </exception>
    public string? Read(string name)
    {
        var path = this[name];
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return null;
            }

            var text = file.Length <= MostBytes ? File.ReadAllText(path) : throw new CaException($"{path} is too long");
            var isSecret = text.Contains("PRIVATE KEY", StringComparison.Ordinal);
            if ((File.GetUnixFileMode(path) & (isSecret ? Others : OthersWrite)) != 0)
            {
                throw new CaException(
                    $"{path} holds {(isSecret ? "a key and can be read" : "certificates and can be written")} by others"
                    + $": chmod 600 {path}, and replace what is in it if somebody else was there");
            }

            return text;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CaException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Refuses a folder that others may change.</summary>
    /// <exception cref="CaException">They may.</exception>
    public void Check()
    {
        if (Exists && (File.GetUnixFileMode(Path) & OthersWrite) != 0)
        {
            throw new CaException($"{Path} can be written by others: chmod 700 {Path}");
        }
    }

    /// <summary>Makes the folder with these files and nothing else.</summary>
    public void Create(params IEnumerable<(string Name, string Text)> files)
    {
        Remove();
        Directory.CreateDirectory(Path, PrivateFolder);
        foreach (var (name, text) in files)
        {
            WriteWhole(this[name], text);
        }
    }

    /// <summary>Becomes another folder, which does not exist, in one step.</summary>
    public void MoveTo(CaFolder other) => Directory.Move(Path, other.Path);

    /// <summary>Removes it with all files.</summary>
    public void Remove()
    {
        if (Exists)
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>Replaces a file whole.</summary>
    public void Write(string name, string text)
    {
        var draft = this[name] + ".new";
        File.Delete(draft);
        WriteWhole(draft, text);
        File.Move(draft, this[name], overwrite: true);
    }

    /// <summary>Removes a file, if it is there.</summary>
    public void Delete(string name) => File.Delete(this[name]);

    private static void WriteWhole(string path, string text)
    {
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = PrivateFile,
        });
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }
}

/// <summary>The authority's files cannot be used; the message says which and what to do. Nothing secret.</summary>
internal sealed class CaException : Exception
{
    /// <summary>A failure with its explanation.</summary>
    public CaException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its explanation and cause.</summary>
    public CaException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
