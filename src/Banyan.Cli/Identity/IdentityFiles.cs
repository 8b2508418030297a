using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Banyan.Cli.Identity;

/// <summary>A certificate with its key, and whom to trust. Immutable but for its end.</summary>
internal sealed class KeptIdentity(
    ECDsa key, IReadOnlyList<X509Certificate2> chain, IReadOnlyList<X509Certificate2> anchors)
{
    /// <summary>The authority dates certificates back by so much: clocks differ.</summary>
    private static readonly TimeSpan DatedBack = TimeSpan.FromMinutes(5);

    public ECDsa Key { get; } = key;

    /// <summary>The leaf first, without the root.</summary>
    public IReadOnlyList<X509Certificate2> Chain { get; } = chain;

    public IReadOnlyList<X509Certificate2> Anchors { get; } = anchors;

    public X509Certificate2 Leaf => Chain[0];

    /// <summary>Its SPIFFE ID; empty when it has none.</summary>
    public string Id { get; } = PeerJudge.IdOf(chain[0]);

    public DateTimeOffset NotBefore => new DateTimeOffset(Leaf.NotBefore).ToUniversalTime();

    public DateTimeOffset NotAfter => new DateTimeOffset(Leaf.NotAfter).ToUniversalTime();

    /// <summary>The part of its life that is over: 0 to 1 while it is valid, 1 before and after.</summary>
    public double Spent(DateTimeOffset now) =>
        now < NotBefore || now >= NotAfter ? 1 : Math.Max(0, (now - Issued) / (NotAfter - Issued));

    /// <summary>When that part of its life is over.</summary>
    public DateTimeOffset At(double part) => Issued + ((NotAfter - Issued) * part);

    /// <summary>The same with other anchors.</summary>
    public KeptIdentity With(IReadOnlyList<X509Certificate2> anchors) => new(Key, Chain, anchors);

    private DateTimeOffset Issued => NotBefore + DatedBack;
}

/// <summary><c>cert.pem</c>, <c>key.pem</c> and <c>bundle.pem</c> in a folder of their owner alone.</summary>
/// <remarks>
/// All three are links by way of <c>..data</c>, a link to the folder of the files of now: they change at once, in one
/// rename. Used by one process at a time.
/// </remarks>
internal sealed partial class IdentityFiles(string folder)
{
    public const string CertificateName = "cert.pem";
    public const string KeyName = "key.pem";
    public const string BundleName = "bundle.pem";

    private const string Current = "..data";
    private const string Draft = "..data.next";
    private const string Generation = "..of-";
    private const long LongestFile = 1024 * 1024;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = Owner | UnixFileMode.UserExecute;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly string[] Names = [CertificateName, KeyName, BundleName];

    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>Makes the folder, and reads what is there; null when that is nothing.</summary>
    /// <exception cref="UserException">Others may read or change it, or it cannot be used.</exception>
    public KeptIdentity? Load()
    {
        try
        {
            Directory.CreateDirectory(Folder, OwnerFolder);
            if ((File.GetUnixFileMode(Folder) & Others) != 0)
            {
                throw new UserException($"{Folder} can be read or changed by others: chmod 700 {Folder}");
            }

            if (!File.Exists(PathOf(CertificateName)))
            {
                return null;
            }

            if ((File.GetUnixFileMode(PathOf(KeyName)) & Others) != 0)
            {
                throw new UserException(
                    $"{PathOf(KeyName)} can be read or changed by others: remove it and join again, or chmod 600 it");
            }

            var chain = Certificates(CertificateName);
            var key = ECDsa.Create();
            key.ImportFromPem(Read(KeyName));
            if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(chain[0].PublicKey.ExportSubjectPublicKeyInfo()))
            {
                throw new CryptographicException("key and certificate do not belong together");
            }

            return new KeptIdentity(key, chain, Certificates(BundleName));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new UserException($"{Folder} holds no usable certificate ({exception.Message}): remove its files and join again");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{Folder} cannot be used: {exception.Message}");
        }
    }

    /// <summary>Replaces all three files at once.</summary>
    /// <exception cref="UserException">The disk does not take them; the files of before are whole.</exception>
    public void Save(KeptIdentity identity)
    {
        try
        {
            var generation = Generation + Guid.NewGuid().ToString("N");
            Directory.CreateDirectory(PathOf(generation), OwnerFolder);
            Write(generation, CertificateName, Pem(identity.Chain));
            Write(generation, KeyName, identity.Key.ExportPkcs8PrivateKeyPem() + "\n");
            Write(generation, BundleName, Pem(identity.Anchors));
            var previous = new DirectoryInfo(PathOf(Current)).LinkTarget;
            Link(Current, generation);
            foreach (var name in Names)
            {
                var target = $"{Current}/{name}";
                if (new FileInfo(PathOf(name)).LinkTarget != target)
                {
                    Link(name, target);
                }
            }

            Forget(generation, previous);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{Folder} cannot be written: {exception.Message}");
        }
    }

    private static string Pem(IEnumerable<X509Certificate2> certificates) =>
        string.Concat(certificates.Select(each => each.ExportCertificatePem() + "\n"));

    private string PathOf(string name) => Path.Combine(Folder, name);

    private string Read(string name) => new FileInfo(PathOf(name)).Length <= LongestFile
        ? File.ReadAllText(PathOf(name))
        : throw new CryptographicException($"{name} is longer than {LongestFile} bytes");

    private X509Certificate2[] Certificates(string name)
    {
        X509Certificate2Collection found = [];
        found.ImportFromPem(Read(name));
        return found.Count > 0 ? [.. found] : throw new CryptographicException($"{name} holds no certificate");
    }

    private void Write(string generation, string name, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner };
        using var file = new FileStream(Path.Combine(Folder, generation, name), options);
        file.Write(Encoding.ASCII.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Puts a link there in one step, whatever was there.</summary>
    private void Link(string name, string target)
    {
        File.Delete(PathOf(Draft));
        File.CreateSymbolicLink(PathOf(Draft), target);
        if (Rename(PathOf(Draft), PathOf(name)) != 0)
        {
            throw new IOException($"{PathOf(name)}: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Removes older files; the previous ones stay for who has opened one of them and not yet the next.</summary>
    private void Forget(string current, string? previous)
    {
        foreach (var path in Directory.GetDirectories(Folder, Generation + "*"))
        {
            var name = Path.GetFileName(path);
            if (name != current && name != previous)
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }

    // File.Move takes no link to a folder.
    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
