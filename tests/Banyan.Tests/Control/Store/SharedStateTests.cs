using Banyan.Control.Registry;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Banyan.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>Two states on one database, each changed at a moment of the test's choice.</summary>
public sealed class SharedStateTests(PostgresServer server) : IClassFixture<PostgresServer>, IAsyncLifetime
{
    private readonly TempFolder _folder = new("shared");
    private Side _one = null!;
    private Side _two = null!;

    public async ValueTask InitializeAsync()
    {
        var name = PostgresServer.NewName();
        await server.CreateAsync(name);
        _one = new Side(server.Address(name), _folder.Path);
        _two = new Side(server.Address(name), _folder.Path);
    }

    public ValueTask DisposeAsync()
    {
        _one.Database.Dispose();
        _two.Database.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void AFileChangeThatMeetsAnotherWriteKeepsItsHistory()
    {
        _one.Read(("a.yaml", Texts.Service("a")));
        _two.Commit.Reconcile(_two.State);
        _two.Read(("b.yaml", Texts.Service("b")));

        // Made without a look at what the other one wrote just now.
        _one.Read(("a.yaml", Texts.Service("a", 81)));

        var history = _one.Database.History(new HistoryQuery(10, Name: "a"));
        Assert.Equal([3, 1], history.Select(each => each.Entry.Revision));
        Assert.Equal("configured", Assert.Single(history[0].Objects).Action);
        Assert.Contains("81", history[0].Objects[0].TextAfter, StringComparison.Ordinal);
        var live = _one.State.Live[Key("a")];
        Assert.Equal((1, 2, 3), (live.CreatedRevision, live.Generation, live.Revision));
        _two.Commit.Reconcile(_two.State);
        Assert.Equal(live, _two.State.Live[Key("a")]);
        Assert.Equal(2, _two.State.Live.Count);
    }

    [Fact]
    public void AReleasedFileDoesNotComeBack()
    {
        _one.Read(("old.yaml", Texts.Service("a") + Texts.Service("b")));
        _one.Read(("old.yaml", null));
        Assert.Single(_one.Source.Held);
        _one.Read(("new.yaml", Texts.Service("a") + Texts.Service("b")));
        Assert.Empty(_one.Source.Held);
        Assert.EndsWith("new.yaml", Assert.Single(_one.Database.Files()).Path, StringComparison.Ordinal);
    }

    [Fact]
    public void ARemovalThatOneAcceptsIsAcceptedByAll()
    {
        _one.Read(("a.yaml", Texts.Service("a") + Texts.Service("b")));
        _two.Commit.Reconcile(_two.State);
        _one.Read(("a.yaml", null));
        _two.Read(("a.yaml", null));
        Assert.Single(_two.Source.Held);
        Assert.Equal(2, _two.State.Live.Count);

        Assert.Equal(2, _one.Files.AcceptRemoval(_one.State, _folder.Path).Changes.Count);
        _two.Commit.Reconcile(_two.State);
        Assert.Empty(_two.Source.Held);
        Assert.Empty(_two.State.Live);
        Assert.Empty(_two.Database.Objects());
    }

    [Fact]
    public void TwoThatRegisterAtOnceGetNumbersOfTheirOwn()
    {
        _one.Register(1);
        _two.Commit.Reconcile(_two.State);
        _one.Register(2);

        // The first one implied the Workload: these change no object.
        Assert.Throws<RevisionConflictException>(() => _two.Register(3));
        _two.Commit.Reconcile(_two.State);
        _two.Register(3);
        Assert.Equal(3, _two.State.Registrations.Values.Select(item => item.Replica).Distinct().Count());
    }

    [Fact]
    public void WhatDoesNotConcernObjectsLeavesThemUnread()
    {
        _one.Read(("a.yaml", Texts.Service("a")));
        _two.Commit.Reconcile(_two.State);
        var (live, good) = (_two.State.Live, _two.Source.Good);
        _one.Instances.Put(_one.State, Texts.Instance("a-v1", "a", 20000), WriteOrigin.Files("test"));
        _two.Commit.Reconcile(_two.State);
        Assert.Single(_two.State.Instances);
        Assert.Same(live, _two.State.Live);
        Assert.Same(good, _two.Source.Good);
    }

    [Fact]
    public void WhatIsNotStoredYetStaysInEffectWhenAnotherWriteIsTakenUp()
    {
        _one.Read(("a.yaml", Texts.Service("a")));
        _two.Commit.Reconcile(_two.State);
        _two.Read(("b.yaml", Texts.Service("b")));

        // Judged by the text that stands here, whatever the database still says.
        _one.State.Unsaved = _one.State.Unsaved.Without([_folder["a.yaml"]]);
        _one.Source.Good.Clear();
        _one.Commit.Reconcile(_one.State);
        Assert.Equal([Key("b")], _one.State.Live.Keys);
        Assert.Equal("deleted", _one.Database.History(new HistoryQuery(1))[0].Objects[0].Action);
        Assert.Equal("b", Assert.Single(_one.Database.Objects()).Name);
    }

    [Fact]
    public void HeartbeatsTravelTogetherInMessagesThatAreNotTooLong()
    {
        var names = Enumerable.Range(0, 1000).Select(number => $"default/ledger/10.0.0.1:{20_000 + number}").ToList();
        var messages = PostgresPulse.Messages("replica", names).ToList();
        Assert.InRange(messages.Count, 2, 10);
        Assert.All(messages, message => Assert.InRange(message.Length, 1, 7_999));
        Assert.Equal(names, messages.SelectMany(message => message["replica ".Length..].Split(PostgresPulse.Separator)));
        Assert.Empty(PostgresPulse.Messages("replica", []));
    }

    private static ObjectKey Key(string name) => new(nameof(Service), "default", name);

    private sealed class Side
    {
        private readonly string _path;

        public Side(string address, string path)
        {
            _path = path;
            Database = PostgresDatabase.Open(address, TimeProvider.System);
            State = Restore.From(Database, [path], NullLogger.Instance, TimeProvider.System);
            Commit = new Commit(Database, NullLogger.Instance, TimeProvider.System);
            Files = new FileIntake(Commit, NullLogger.Instance);
            Instances = new InstanceIntake(Database, NullLogger.Instance, TimeProvider.System);
        }

        public PostgresDatabase Database { get; }

        public StoreState State { get; }

        public Commit Commit { get; }

        public FileIntake Files { get; }

        public InstanceIntake Instances { get; }

        public SourceState Source => State.Source(_path);

        public void Read(params (string Name, string? Text)[] files) => Files.Apply(State, new FileChangeSet(
            _path, Exists: true, IsFirst: false,
            [.. files.Select(file => (Path: Path.Combine(_path, file.Name), file.Text)).Select(file =>
                file.Text is null ? FileContent.Removed(file.Path) : FileContent.Read(file.Path, file.Text))]));

        public void Register(int number)
        {
            var (_, _, problems) = new RegistryIntake(Commit).Put(
                State,
                new Registration { Service = "ledger", Version = "v1", Address = $"10.0.0.{number}:80" },
                80,
                WriteOrigin.Files("test"));
            Assert.Empty(problems);
        }
    }
}
