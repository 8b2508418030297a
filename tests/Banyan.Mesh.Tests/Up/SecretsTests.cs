using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>Keys and join tokens stand in the files that are for them, and nowhere else that a mesh writes.</summary>
public sealed class SecretsTests
{
    private static readonly Regex Token = new(@"bj1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\.", RegexOptions.NonBacktracking);

    [Fact]
    public async Task NothingThatAMeshWritesHoldsAKeyOrAJoinToken()
    {
        var before = Directory.GetFileSystemEntries(Path.GetTempPath()).ToHashSet(StringComparer.Ordinal);
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));
        await using (var load = Load.Start(mesh.WayIn, "hello", connections: 2))
        {
            await load.MoreAsync(100);
        }

        // Reports, renewals and denials leave their traces, too.
        var token = (await mesh.JsonAsync("token", "create", "--workload", "default/hello-v1")).GetProperty("token").GetString()!;
        await mesh.JsonAsync("certs", "rotate-root");
        await Eventually.TrueAsync(
            async () => (await mesh.JsonAsync("edges")).GetProperty("edges").GetArrayLength() > 0, "a report", TimeSpan.FromSeconds(60));
        var secrets = Secrets(mesh.Folder["s"]).Concat(TokenForms(token)).ToList();

        // Two sidecars, the root, the next root, and their issuing keys.
        Assert.True(secrets.Count >= 6 * 9, $"{secrets.Count} forms of keys");
        List<(string Place, byte[] Bytes)> written =
        [
            .. Files(mesh.Folder.Path).Where(file => !IsForKeys(file)).Select(file => (file, Read(file))),
            .. Directory.GetFileSystemEntries(Path.GetTempPath()).Where(entry => !before.Contains(entry) && entry != mesh.Folder.Path)
                .Where(IsFile).Select(file => (file, Read(file))),
            ("standard output", Encoding.UTF8.GetBytes(string.Join('\n', mesh.Supervisor.OutputLines))),
            ("standard error", Encoding.UTF8.GetBytes(mesh.Supervisor.Error)),
        ];
        using (var control = UnixSocketClient.Create(mesh.Folder["s/control.sock"]))
        {
            foreach (var path in (string[])["status", "certificates", "certificates/issued", "instances", "edges", "audit", "history", "resources"])
            {
                using var answer = await control.GetAsync($"api/v1/{path}");
                written.Add(($"api {path}", await answer.Content.ReadAsByteArrayAsync()));
            }
        }

        var admins = Files(mesh.Folder["s"]).Concat(Sockets(mesh.Folder["s"])).Where(file => file.EndsWith("admin.sock", StringComparison.Ordinal)).Distinct().ToList();
        Assert.Equal(2, admins.Count);
        foreach (var admin in admins)
        {
            using var proxy = UnixSocketClient.Create(admin);
            foreach (var path in (string[])["config", "edges", "metrics"])
            {
                using var answer = await proxy.GetAsync(path);
                Assert.True(answer.IsSuccessStatusCode, $"{admin} {path}: {answer.StatusCode}");
                written.Add(($"{admin} {path}", await answer.Content.ReadAsByteArrayAsync()));
            }
        }

        // What is not read cannot be found out.
        foreach (var name in (string[])["control.db", "reports.db", "chain.pem", "standard output", "standard error"])
        {
            Assert.Contains(written, each => each.Place.EndsWith(name, StringComparison.Ordinal) && each.Bytes.Length > 0);
        }

        foreach (var (place, bytes) in written)
        {
            Assert.False(Encoding.Latin1.GetString(bytes).Contains("PRIVATE KEY-----", StringComparison.Ordinal), $"{place} holds a key");
            Assert.False(Token.IsMatch(Encoding.Latin1.GetString(bytes)), $"{place} holds a join token");
            foreach (var (name, secret) in secrets)
            {
                Assert.True(bytes.AsSpan().IndexOf(secret) < 0, $"{place} holds {name}");
            }
        }
    }

    /// <summary>The files that are for keys: of the authority, and of each sidecar.</summary>
    private static bool IsForKeys(string file) =>
        Path.GetFileName(file) is "key.pem" or "root.key" or "issuing.key" or "issuing.pem";

    /// <summary>Every private key in its forms: as PEM has it, as bytes, and as hexadecimal digits.</summary>
    private static IEnumerable<(string Name, byte[] Bytes)> Secrets(string folder)
    {
        foreach (var file in Files(folder).Where(IsForKeys))
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(file));
            var scalar = key.ExportParameters(includePrivateParameters: true).D!;
            yield return ($"the key of {file}", scalar);
            yield return ($"the key of {file} in digits", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(scalar)));
            yield return ($"the key of {file} in capitals", Encoding.ASCII.GetBytes(Convert.ToHexString(scalar)));

            // Three alignments within base64, and pieces so short that they stand in one line of PEM.
            for (var skip = 0; skip < 3; skip++)
            {
                yield return ($"the key of {file} in base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(scalar, skip, 12)));
                yield return ($"the key of {file} in base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(scalar, 12 + skip, 12)));
            }
        }
    }

    private static IEnumerable<(string Name, byte[] Bytes)> TokenForms(string token) =>
        [("a join token", Encoding.ASCII.GetBytes(token)), ("its secret", Encoding.ASCII.GetBytes(token.Split('.')[2]))];

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(file => (File.GetAttributes(file) & FileAttributes.ReparsePoint) == 0 && !file.EndsWith(".sock", StringComparison.Ordinal));

    private static IEnumerable<string> Sockets(string folder) =>
        Directory.EnumerateFileSystemEntries(folder, "*.sock", SearchOption.AllDirectories);

    /// <summary>Runtimes leave pipes there, which nobody can read to the end.</summary>
    private static bool IsFile(string entry) => new FileInfo(entry) is { Exists: true, Length: > 0 };

    private static byte[] Read(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            return copy.ToArray();
        }
        catch (Exception exception) when (exception is FileNotFoundException or UnauthorizedAccessException or IOException)
        {
            // Gone meanwhile, or somebody else's, or no file of bytes.
            return [];
        }
    }
}
