using System.Reflection;
using NetArchTest.Rules;
using Xunit;
using TestResult = NetArchTest.Rules.TestResult;

namespace Quorleans.Architecture.Tests;

/// <summary>Who may know whom. An arrow that is not in this table is a mistake, or a decision to be made here.</summary>
public sealed class RoomTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Raft.Core"] = [],
        ["Raft.Storage"] = ["Raft.Core"],
        ["Raft.Node"] = ["Raft.Core", "Raft.Storage"],
        ["KeyValue.Contracts"] = [],
        ["KeyValue.Controller"] = ["KeyValue.Contracts", "Raft.Core"],
        ["KeyValue.Handoff"] = ["KeyValue.Contracts"],
        ["KeyValue.Members"] = ["KeyValue.Contracts", "Raft.Core"],
        ["KeyValue.Store"] = ["KeyValue.Contracts", "Raft.Core"],
        ["GrainInterfaces"] = [],
        ["Clerk.Core"] = ["KeyValue.Contracts"],
        ["Clerk"] = ["Clerk.Core", "KeyValue.Contracts", "GrainInterfaces", "MapReduce.Jobs"],
        ["Grains"] = ["GrainInterfaces", "Clerk.Core", "MapReduce.Engine", "MapReduce.Jobs", "MapReduce.Tasks", "KeyValue.Contracts", "KeyValue.Store", "KeyValue.Controller", "KeyValue.Handoff", "KeyValue.Members", "Raft.Core", "Raft.Storage", "Raft.Node"],
        ["Hosting"] =
        [
            "Grains", "GrainInterfaces", "Clerk", "Clerk.Core", "KeyValue.Contracts", "KeyValue.Store", "KeyValue.Members", "Raft.Core", "Raft.Storage", "Raft.Node", "MapReduce.Engine", "MapReduce.Jobs", "MapReduce.Tasks",
        ],
        ["Silo"] = ["Hosting", "Grains", "GrainInterfaces", "Clerk", "Clerk.Core", "KeyValue.Contracts", "Raft.Core", "Raft.Storage", "Raft.Node"],
        ["Linearizability"] = [],
        ["MapReduce"] = [],
        ["MapReduce.Engine"] = ["MapReduce"],
        ["MapReduce.Applications"] = ["MapReduce"],
        ["MapReduce.Jobs"] = [],
        ["MapReduce.Tasks"] = ["MapReduce", "MapReduce.Engine", "MapReduce.Applications", "MapReduce.Jobs"],
        ["MapReduce.Worker"] = ["MapReduce.Engine", "MapReduce.Jobs", "MapReduce.Tasks"],
        ["Samples.DistributedGrep"] = ["MapReduce"],
        ["Samples.FixedRecordSort"] = ["MapReduce"],
        ["Samples.InvertedIndex"] = ["MapReduce"],
        ["Samples.TopWords"] = ["MapReduce"],
        ["Samples.WordCount"] = ["MapReduce"],
        ["Client"] = ["Hosting", "Linearizability", "Clerk", "Clerk.Core", "GrainInterfaces", "KeyValue.Contracts", "MapReduce", "MapReduce.Engine", "MapReduce.Applications", "MapReduce.Jobs", "MapReduce.Tasks"],
    };

    private static readonly string[] Pure =
    [
        "Raft.Core", "Raft.Storage", "Raft.Node", "KeyValue.Contracts", "KeyValue.Controller", "KeyValue.Handoff", "KeyValue.Members", "KeyValue.Store", "Clerk.Core", "Linearizability",
        "MapReduce", "MapReduce.Engine", "MapReduce.Applications", "MapReduce.Jobs", "MapReduce.Tasks", "MapReduce.Worker",
    ];

    public static TheoryData<string> Rooms => new(Allowed.Keys);

    public static TheoryData<string> PureRooms => new(Pure);

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Room_KnowsOnlyWhomItMay(string room)
    {
        string[] known = [.. Load(room).GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("Quorleans.", StringComparison.Ordinal))];
        string[] forbidden = [.. known.Select(name => name["Quorleans.".Length..]).Except(Allowed[room])];
        Assert.True(forbidden.Length == 0, $"{room} must not know {string.Join(", ", forbidden)}.");
    }

    [Theory]
    [MemberData(nameof(PureRooms))]
    public void PureRoom_DoesNotKnowOrleans(string room)
    {
        Assembly assembly = Load(room);
        Assert.DoesNotContain(assembly.GetReferencedAssemblies(), name => name.Name!.StartsWith("Orleans", StringComparison.Ordinal));
        TestResult result = Types.InAssembly(assembly).ShouldNot().HaveDependencyOn("Orleans").GetResult();
        Assert.True(result.IsSuccessful, $"{room} depends on Orleans in {string.Join(", ", result.FailingTypeNames ?? [])}.");
    }

    [Theory]
    [InlineData("Raft.Core")]
    [InlineData("KeyValue.Contracts")]
    [InlineData("KeyValue.Controller")]
    [InlineData("KeyValue.Members")]
    [InlineData("KeyValue.Store")]
    [InlineData("Clerk.Core")]
    [InlineData("Linearizability")]
    [InlineData("MapReduce.Jobs")]
    public void Core_HasNoTasksThreadsFilesOrClocks(string room)
    {
        TestResult result = Types.InAssembly(Load(room)).ShouldNot()
            .HaveDependencyOnAny("System.Threading.Tasks.Task", "System.Threading.Thread", "System.IO.File", "System.IO.FileStream", "System.DateTime", "System.Random", "System.TimeProvider")
            .GetResult();
        // The Clerk's face is asynchronous; the machine behind it is not.
        string[] failing = [.. (result.FailingTypeNames ?? []).Where(name => name is not "Quorleans.Clerk.IClerk")];
        Assert.True(failing.Length == 0, $"{room} is to be pure, but for {string.Join(", ", failing)}.");
    }

    [Fact]
    public void EveryRoom_IsInTheTable()
    {
        string[] projects = [.. Directory.EnumerateFiles(AppContext.BaseDirectory, "Quorleans.*.dll").Select(file => Path.GetFileNameWithoutExtension(file)["Quorleans.".Length..])];
        Assert.DoesNotContain(projects, name => !Allowed.ContainsKey(name) && !name.EndsWith(".Tests", StringComparison.Ordinal));
    }

    private static Assembly Load(string room) => Assembly.Load("Quorleans." + room);
}
