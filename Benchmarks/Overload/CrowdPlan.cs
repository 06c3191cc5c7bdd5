namespace Quorleans.Benchmarks.Overload;

/// <summary>What a crowd of clients shall do in one round.</summary>
/// <param name="Clients">How many of them put at a time, each one put after the other.</param>
/// <param name="Clerks">How many Clerks they share; as many as there are clients: each has its own.</param>
/// <param name="WarmUp">Not counted: how long they go on when every one of them had an answer.</param>
/// <param name="Time">Counted: what ended in it.</param>
/// <param name="ValueBytes">Bytes of a value.</param>
internal sealed record CrowdPlan(int Clients, int Clerks, TimeSpan WarmUp, TimeSpan Time, int ValueBytes);
