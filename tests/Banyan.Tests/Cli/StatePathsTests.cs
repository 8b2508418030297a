using Banyan.Cli;
using Banyan.Cli.Up;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Cli;

public sealed class StatePathsTests
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public void AFolderOfOnesOwnIsMadeAndUsedAgain()
    {
        using var folder = new TempFolder("private");
        StatePaths.MakePrivate(folder["sockets"]);
        StatePaths.MakePrivate(folder["sockets"]);
        Assert.Equal(Private, File.GetUnixFileMode(folder["sockets"]));
    }

    [Fact]
    public void AFolderThatOthersMayEnterIsRefused()
    {
        using var folder = new TempFolder("private");
        Directory.CreateDirectory(folder["sockets"]);
        File.SetUnixFileMode(folder["sockets"], Private | UnixFileMode.OtherExecute);
        Refused(folder["sockets"]);
    }

    [Fact]
    public void ALinkIsRefused()
    {
        using var folder = new TempFolder("private");
        Directory.CreateDirectory(folder["elsewhere"], Private);
        Directory.CreateSymbolicLink(folder["sockets"], folder["elsewhere"]);
        Refused(folder["sockets"]);
    }

    [Fact]
    public void AFileIsRefused()
    {
        using var folder = new TempFolder("private");
        folder.Write("sockets", "");
        Assert.Throws<UserException>(() => StatePaths.MakePrivate(folder["sockets"]));
    }

    [Fact]
    public void SomebodyElsesIsRefused()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "everything of the system is root's");
        Refused("/root");
    }

    private static void Refused(string folder) => Assert.Contains(
        "is not a folder of yours that only you may enter",
        Assert.Throws<UserException>(() => StatePaths.MakePrivate(folder)).Message,
        StringComparison.Ordinal);
}
